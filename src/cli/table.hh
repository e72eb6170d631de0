// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

namespace rpod::cli {

/// Turns tabs into blanks so that columns align, as Go's text/tabwriter does with the settings of podman: a
/// cell is the text before a tab; cells below each other in consecutive lines are as wide as the widest of
/// them, at least 12, 2 of which are blanks.
std::string align_tabs(std::string_view text);

}  // namespace rpod::cli
