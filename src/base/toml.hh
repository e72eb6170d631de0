// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "base/json.hh"

/// TOML, which the configuration files of containers are written in, read as the JSON that says the same: its
/// tables, arrays, strings, numbers and booleans. Dates become their text.
namespace rpod {

/// @param what  names the document in errors
/// @throws Error with line and column for text that is not TOML 1.0, or is too deep
json::Value parse_toml(std::string_view text, const std::string& what);

/// The line, from 1, that sets a key: "containers.netns"; 0 where none does.
/// @param text  TOML that parse_toml takes
unsigned toml_line(std::string_view text, std::string_view key);

}  // namespace rpod
