// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "base/error.hh"

namespace rpod::userns {

/// Why a user namespace could not be made, or was made without power: the sysctl, security module or limit
/// that stands in the way, as an error with the line that mends it.
/// @param err  errno of unshare(CLONE_NEWUSER), or of the first privileged call in the new namespace
Error explain_userns_failure(int err);

}  // namespace rpod::userns
