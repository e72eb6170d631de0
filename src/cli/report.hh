// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "cli/data.hh"

namespace rpod::cli {

/// What --format asks of a command that shows a list.
struct Report {
    std::string command;  ///< in messages: "images"
    DataList items{};     ///< objects
    std::map<std::string, std::string>
        headers{};        ///< of columns, by field: {"ID", "IMAGE ID"}; others are the field in capitals
    bool heading = true;  ///< false: --noheading
    int json_indent = 4;
};

/// format: "json" (an indented array), "table TEMPLATE" (with a line of headers; blanks between actions
/// separate columns), or a template for each item, around which podman's `{{range .}}…{{end}}` may be
/// written. "\t" and "\n" may be written as such.
/// @throws Error for a bad template
std::string render(const Report& report, std::string_view format);

}  // namespace rpod::cli
