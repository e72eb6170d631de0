// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/copy_rules.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {

void throw_not_found(std::string_view path, std::string_view where) {
    throw Error("\"{}\" could not be found {}: no such file or directory", printable(path), where);
}

CopyTarget choose_target(std::string_view typed, const std::string& path, PathKind kind, PathKind parent,
                         const CopySource& source, const std::string& where) {
    const bool must_be_directory = typed.ends_with('/') || names_content(typed);
    switch (kind) {
        case PathKind::directory:
            return {.directory = path, .name = source.content_only ? "" : source.name};
        case PathKind::file:
            if (source.directory) throw Error("destination must be a directory when copying a directory");
            if (must_be_directory) throw Error("\"{}\" {} is not a directory", printable(typed), where);
            break;
        case PathKind::absent:
            if (must_be_directory || parent != PathKind::directory) throw_not_found(typed, where);
            break;
    }
    return {.directory = parent_path(path), .name = last_component(path)};
}

bool names_content(std::string_view path) { return path == "." || path.ends_with("/."); }

std::string last_component(std::string_view clean) { return std::string(clean.substr(clean.rfind('/') + 1)); }

std::string parent_path(std::string_view clean) {
    return std::string(clean.substr(0, std::max<size_t>(clean.rfind('/'), 1)));
}

}  // namespace rpod::container
