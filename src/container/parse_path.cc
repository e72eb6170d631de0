// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_path.hh"

#include <algorithm>
#include <vector>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {

std::string clean_path(std::string_view text) {
    std::vector<std::string_view> parts;
    for (const auto part : split(text, '/')) {
        if (part.empty() || part == ".") continue;
        if (part != "..") {
            parts.push_back(part);
        } else if (!parts.empty()) {
            parts.pop_back();
        }
    }
    if (parts.empty()) return "/";
    std::string out;
    for (const auto part : parts) {
        out += '/';
        out += part;
    }
    return out;
}

std::string parse_destination(std::string_view text, std::string_view what) {
    if (!text.starts_with('/')) {
        throw Error("{}: the path in the container must be absolute, not '{}'", what, printable(text));
    }
    if (text.find('\0') != std::string_view::npos) throw Error("{}: a path cannot hold a NUL byte", what);
    std::string path = clean_path(text);
    if (path == "/") throw Error("{}: the path in the container cannot be '/'", what);
    return path;
}

std::string parse_host_path(std::string_view text, std::string_view cwd, std::string_view what) {
    if (text.empty()) throw Error("{}: the path on the host is empty", what);
    if (text.find('\0') != std::string_view::npos) throw Error("{}: a path cannot hold a NUL byte", what);
    // Not cleaned beyond what a name needs: "a/.." may lead elsewhere when a is a symbolic link.
    if (text.starts_with('/')) return std::string(text);
    while (text == "." || text.starts_with("./")) text.remove_prefix(std::min<size_t>(text.size(), 2));
    if (text.empty()) return std::string(cwd);
    return fmt::format("{}/{}", cwd == "/" ? "" : cwd, text);
}

}  // namespace rpod::container
