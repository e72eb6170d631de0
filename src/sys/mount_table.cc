// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/mount_table.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

/// Space, tab, newline and backslash are written as three octal digits.
std::string decode(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto digit = [&](size_t n) { return static_cast<unsigned>(text[i + n] - '0'); };
        if (text[i] == '\\' && i + 3 < text.size() && digit(1) < 4 && digit(2) < 8 && digit(3) < 8) {
            out += static_cast<char>(digit(1) << 6 | digit(2) << 3 | digit(3));
            i += 3;
        } else {
            out += text[i];
        }
    }
    return out;
}

/// statx(2), which asks nobody: /proc/self/fdinfo is closed to processes that are not dumpable.
int mount_id(int fd) {
    struct statx info {};
    check(::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &info), "query a mount");
    if (!(info.stx_mask & STATX_MNT_ID)) throw Error("query a mount: the kernel does not tell its ID");
    return static_cast<int>(info.stx_mnt_id);
}

/// A mount's ID.
std::optional<int> parse_id(std::string_view text) {
    const auto id = parse_uint(text, INT32_MAX);
    return id ? std::optional(static_cast<int>(*id)) : std::nullopt;
}

}  // namespace

std::vector<MountEntry> parse_mount_table(std::string_view text) {
    std::vector<MountEntry> table;
    for (const auto line : split(text, '\n')) {
        if (line.empty()) continue;
        const auto fields = split(line, ' ');
        const auto id = fields.size() > 4 ? parse_id(fields[0]) : std::nullopt;
        const auto parent = id ? parse_id(fields[1]) : std::nullopt;
        if (!parent) throw Error("read the table of mounts: '{}' is no line of it", printable(line));
        table.push_back({.id = *id, .parent = *parent, .point = decode(fields[4])});
    }
    return table;
}

std::vector<MountEntry> mounts_below(const std::vector<MountEntry>& table, int id) {
    std::vector<MountEntry> below;
    std::set<int> above{id};
    for (bool found = true; found;) {
        found = false;
        for (const auto& entry : table) {
            if (!above.contains(entry.parent) || !above.insert(entry.id).second) continue;
            below.push_back(entry);
            found = true;
        }
    }
    return below;
}

std::vector<Fd> open_mounts_below(int mount) {
    std::vector<Fd> out;
    const auto table = parse_mount_table(read_file("/proc/self/mountinfo"));
    for (const auto& entry : mounts_below(table, mount_id(mount))) {
        Fd fd = open_file(entry.point, O_PATH | O_NOFOLLOW);
        if (mount_id(fd.get()) == entry.id) out.push_back(std::move(fd));
    }
    return out;
}

}  // namespace rpod::sys
