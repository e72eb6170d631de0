// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>

#include "container/config.hh"

namespace rpod::container {

/// Takes one --security-opt into `security`: seccomp=PATH|unconfined, no-new-privileges[=BOOL],
/// mask=PATH[:PATH…], unmask=ALL|PATTERN[:PATTERN…], systempaths=unconfined, label=…, apparmor=unconfined,
/// proc-opts=….
/// @throws Error for anything else
void take_security_option(SecurityConfig& security, std::string_view text, std::string_view cwd);

}  // namespace rpod::container
