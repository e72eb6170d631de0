// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rpod::container {

/// The 11 that containers have by default: podman's set, sorted.
std::vector<std::string> default_capabilities();

/// "net_admin", "CAP_NET_ADMIN", "all" → "CAP_NET_ADMIN", "ALL". @throws Error for a name that is none
std::string parse_capability(std::string_view text);

/// @throws Error where one is added and dropped, or ALL is both
void check_capability_changes(const std::vector<std::string>& add, const std::vector<std::string>& drop);

/// `base` changed by --cap-add and --cap-drop, sorted. Dropping ALL leaves what is added; adding ALL takes
/// `all` but what is dropped.
std::vector<std::string> adjust_capabilities(std::vector<std::string> base,
                                             const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop,
                                             const std::vector<std::string>& all);

}  // namespace rpod::container
