// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "cli/complete.hh"

namespace rpod::cli {

/// Adds what a placeholder of a usage line ("CONTAINER", "IMAGE", "FILE|-", …) stands for in this store, as
/// far as it begins with `word`. A store that is not there is not made.
void add_names(Completion& out, std::string_view placeholder, const std::string& word, const Context& ctx);

}  // namespace rpod::cli
