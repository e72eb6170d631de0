// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rpod::container {

/// The names of capabilities(7) in the order of their numbers, up to `last` (/proc/sys/kernel/cap_last_cap).
std::vector<std::string> all_capabilities(int last);

/// The 11 that containers have by default: podman's set, in its order (by name).
std::vector<std::string> default_capabilities();

/// "net_admin", "CAP_NET_ADMIN", "all" → "CAP_NET_ADMIN", "ALL". @throws Error for a name that is none
std::string parse_capability(std::string_view text);

/// `base` changed by --cap-add and --cap-drop. Dropping ALL leaves what is added; adding ALL takes all up to
/// `last` but what is dropped.
/// @throws Error where one is added and dropped, or both are ALL
std::vector<std::string> adjust_capabilities(std::vector<std::string> base,
                                             const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop, int last);

}  // namespace rpod::container
