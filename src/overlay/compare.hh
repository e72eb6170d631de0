// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "overlay/index.hh"

namespace rpod::overlay {

struct Change {
    enum class Kind { modified, added, deleted };
    Kind kind;
    std::string path;  ///< absolute
    bool operator==(const Change&) const = default;
};

/// How one tree became another, as podman tells it: each directory before what is in it, names in the order
/// of their bytes; all that is in an added directory, but of a deleted one only itself. A file is modified
/// where its type, mode, owner, capabilities, size, target or time (in seconds) differ; a directory also
/// where something in it has changed, but not for its time.
/// @param is_hidden  of an absolute path: that one is not told, what is in it is
std::vector<Change> compare(const Index& from, const Index& to,
                            const std::function<bool(std::string_view path)>& is_hidden);

}  // namespace rpod::overlay
