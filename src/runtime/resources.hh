// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

namespace rpod::runtime {

/// linux.resources without a cgroup to put them in: what limits nothing (empty, unlimited, device rules that
/// only say what holds anyway) is taken; a limit, and what nobody here knows, is not.
/// @param text   the object as JSON; empty: none
/// @param where  what leads to it in errors: "linux.resources"
/// @throws Error that names the first limit
void require_no_limits(const std::string& text, const std::string& where);

}  // namespace rpod::runtime
