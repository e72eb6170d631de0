// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>

#include "container/config.hh"

namespace rpod::container {

/// --secret: "NAME[,type=mount|env][,target=TARGET][,uid=UID][,gid=GID][,mode=MODE]", as typed: the secret is
/// not looked up. A target of a file is below /run/secrets unless it is absolute; where there is none the
/// name is.
/// @throws Error in podman's words
SecretUse parse_secret(std::string_view text);

}  // namespace rpod::container
