// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rpod::image {

struct Timestamp {
    int64_t s = 0;
    uint32_t ns = 0;
};

/// What the pax extended headers of a member say ('x', POSIX.1-2001; the global 'g' fills the same). Absent
/// is what no record names, or an empty one takes back: the tar header holds then.
struct PaxRecords {
    std::optional<std::string> path;
    std::optional<std::string> linkpath;
    std::optional<uint64_t> size;
    std::optional<uint64_t> uid;
    std::optional<uint64_t> gid;
    std::optional<Timestamp> mtime;
    std::optional<uint64_t> dev_major;
    std::optional<uint64_t> dev_minor;
    std::vector<std::pair<std::string, std::string>> xattrs;  ///< full names, each once

    /// GNU tar's sparse files: 0.0 (numbers one by one), 0.1 (a map) and 1.0 (the map precedes the data).
    struct Sparse {
        std::optional<uint64_t> major;
        std::optional<uint64_t> minor;
        std::optional<std::string> name;     ///< the real one
        std::optional<uint64_t> real_size;   ///< holes included
        std::optional<uint64_t> num_blocks;  ///< 0.0 and 0.1
        std::vector<uint64_t> map;           ///< offset, length, offset, …

        bool in_data() const { return major == 1 && minor == 0; }
        bool in_records() const { return !in_data() && (num_blocks || !map.empty()); }
    };
    Sparse sparse;
};

/// Adds the records of one header's content to `records`. Keys that do not concern an image (atime, uname,
/// comments, ACLs as text …) are passed over. @throws Error for what is malformed
void parse_pax(std::string_view text, PaxRecords& records);

}  // namespace rpod::image
