// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

namespace rpod::container {

/// An absolute path without ".", "..", doubled and trailing slashes, by its text alone: "/a/../b/" → "/b".
/// `text` must begin with '/'.
std::string clean_path(std::string_view text);

/// A path in the container: cleaned; not "/". @param what  leads the error
/// @throws Error where it is not absolute, or is "/", or has a NUL byte
std::string parse_destination(std::string_view text, std::string_view what);

/// A path on the host, relative to the directory `cwd` where it does not begin with '/'; "~" is the shell's.
/// @throws Error where it is empty or has a NUL byte
std::string parse_host_path(std::string_view text, std::string_view cwd, std::string_view what);

}  // namespace rpod::container
