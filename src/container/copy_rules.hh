// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

/// Where a copy goes: the rules of docker's and podman's cp, apart from any file system.
namespace rpod::container {

/// What a path leads to, links followed.
enum class PathKind { absent, file, directory };

/// What is copied.
struct CopySource {
    bool directory = false;
    bool content_only = false;  ///< "DIR/.": what is in it, not the directory itself
    std::string name;           ///< its last component, as typed
};

struct CopyTarget {
    std::string directory;  ///< exists
    /// What the source is called there; empty: its content goes into the directory itself.
    std::string name;
};

/// @param typed  for errors, and whether it must be a directory
/// @param path  the same, absolute and clean (parse_path.hh); `kind` is what it leads to, `parent` what the
/// directory that it names does
/// @param where  "on container web" or "on the host", for errors
/// @throws Error in podman's words
CopyTarget choose_target(std::string_view typed, const std::string& path, PathKind kind, PathKind parent,
                         const CopySource& source, const std::string& where);

/// `"PATH" could not be found on the host: no such file or directory`
[[noreturn]] void throw_not_found(std::string_view path, std::string_view where);

/// "DIR/." and "." alone: the content of a directory.
bool names_content(std::string_view path);
/// Of an absolute clean path: its last component (empty for "/"), and the directory that has it.
std::string last_component(std::string_view clean);
std::string parent_path(std::string_view clean);

}  // namespace rpod::container
