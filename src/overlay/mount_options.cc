// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/mount_options.hh"

#include <array>
#include <functional>
#include <map>
#include <string_view>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::overlay {
namespace {

/// Parts between separators that have no backslash before them. The backslashes of separators go.
std::vector<std::string> split_escaped(std::string_view text, char separator) {
    std::vector<std::string> parts(1);
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == separator) {
            parts.back() += text[++i];
        } else if (text[i] == separator) {
            parts.emplace_back();
        } else {
            parts.back() += text[i];
        }
    }
    return parts;
}

uint32_t parse_id(std::string_view name, std::string_view text) {
    const auto id = parse_uint(text, UINT32_MAX - 1);
    if (!id) throw Error("option '{}': '{}' is no ID", name, printable(text));
    return static_cast<uint32_t>(*id);
}

/// "DISK:SHOWN:COUNT[:DISK:SHOWN:COUNT…]". The manual has a comma between the triples in one place, which -o
/// cannot hold, and colons in the other.
std::vector<OwnerMap::Range> parse_ranges(std::string_view name, std::string_view text) {
    constexpr size_t kFields = 3;
    const auto numbers = split(text, ':');
    if (numbers.size() % kFields != 0)
        throw Error("option '{}': '{}' is not made of ID:ID:COUNT", name, printable(text));
    std::vector<OwnerMap::Range> ranges;
    for (size_t i = 0; i < numbers.size(); i += kFields) {
        const OwnerMap::Range range{parse_id(name, numbers[i]), parse_id(name, numbers[i + 1]),
                                    parse_id(name, numbers[i + 2])};
        if (range.count == 0) throw Error("option '{}': a range of no IDs", name);
        ranges.push_back(range);
    }
    return ranges;
}

bool parse_bool(std::string_view name, std::string_view value) {
    if (value == "0") return false;
    if (value == "1") return true;
    throw Error("option '{}': '{}' is neither 0 nor 1", name, printable(value));
}

void set_lowers(MountOptions& o, std::string_view value) {
    o.lowers = split_escaped(value, ':');
    for (const std::string& lower : o.lowers) {
        if (lower.empty()) throw Error("option 'lowerdir': an empty name");
        if (lower.starts_with("//") && lower.find("//", 2) != lower.npos)
            throw Error("option 'lowerdir': '{}': plugins are not done", printable(lower));
    }
}

void set_timeout(MountOptions& o, std::string_view value) {
    const auto seconds = parse_uint(value, 1'000'000'000);
    if (!seconds) throw Error("option 'timeout': '{}' is no number of seconds", printable(value));
    o.timeout = static_cast<double>(*seconds);
}

void want_off(std::string_view name, std::string_view value) {
    if (value != "off" && value != "0")
        throw Error("option '{}={}' is not done: only 'off' is", name, printable(value));
}

using Setter = std::function<void(MountOptions&, std::string_view value)>;

const std::map<std::string_view, Setter>& value_options() {
    static const std::map<std::string_view, Setter> table{
        {"lowerdir", set_lowers},
        {"upperdir", [](MountOptions& o, std::string_view v) { o.upper = v; }},
        {"workdir", [](MountOptions& o, std::string_view v) { o.work = v; }},
        {"uidmapping", [](MountOptions& o, std::string_view v) { o.uids = parse_ranges("uidmapping", v); }},
        {"gidmapping", [](MountOptions& o, std::string_view v) { o.gids = parse_ranges("gidmapping", v); }},
        {"squash_to_uid",
         [](MountOptions& o, std::string_view v) { o.squash_to_uid = parse_id("squash_to_uid", v); }},
        {"squash_to_gid",
         [](MountOptions& o, std::string_view v) { o.squash_to_gid = parse_id("squash_to_gid", v); }},
        {"timeout", set_timeout},
        {"fsync", [](MountOptions& o, std::string_view v) { o.sync = parse_bool("fsync", v); }},
        {"writeback", [](MountOptions& o, std::string_view v) { o.writeback = parse_bool("writeback", v); }},
        {"noxattrs", [](MountOptions& o, std::string_view v) { o.xattrs = !parse_bool("noxattrs", v); }},
        {"fsname", [](MountOptions& o, std::string_view v) { o.source = v; }},
        {"redirect_dir", [](MountOptions&, std::string_view v) { want_off("redirect_dir", v); }},
        {"metacopy", [](MountOptions&, std::string_view v) { want_off("metacopy", v); }},
        {"index", [](MountOptions&, std::string_view v) { want_off("index", v); }},
        // Numbers are those of files with that of the file system in front: never better, never worse.
        {"xino",
         [](MountOptions&, std::string_view v) {
             if (v != "auto") want_off("xino", v);
         }},
        {"xattr_permissions", [](MountOptions&, std::string_view v) { want_off("xattr_permissions", v); }},
        // Ways of the other program to be faster.
        {"threaded", [](MountOptions&, std::string_view v) { parse_bool("threaded", v); }},
        {"fast_ino", [](MountOptions&, std::string_view v) { parse_bool("fast_ino", v); }},
    };
    return table;
}

const std::map<std::string_view, Setter>& flag_options() {
    static const auto nothing = [](MountOptions&, std::string_view) {};
    static const std::map<std::string_view, Setter> table{
        {"squash_to_root", [](MountOptions& o, std::string_view) { o.squash_to_root = true; }},
        {"static_nlink", [](MountOptions& o, std::string_view) { o.static_nlink = true; }},
        {"noacl", [](MountOptions& o, std::string_view) { o.acls = false; }},
        {"volatile", [](MountOptions& o, std::string_view) { o.sync = false; }},
        {"ro", [](MountOptions& o, std::string_view) { o.read_only = true; }},
        {"rw", [](MountOptions& o, std::string_view) { o.read_only = false; }},
        {"allow_other", [](MountOptions& o, std::string_view) { o.allow_other = true; }},
        {"nosuid", [](MountOptions& o, std::string_view) { o.nosuid = true; }},
        {"suid", [](MountOptions& o, std::string_view) { o.nosuid = false; }},
        {"nodev", [](MountOptions& o, std::string_view) { o.nodev = true; }},
        {"dev", [](MountOptions& o, std::string_view) { o.nodev = false; }},
        {"noexec", [](MountOptions& o, std::string_view) { o.noexec = true; }},
        {"exec", [](MountOptions& o, std::string_view) { o.noexec = false; }},
        {"noatime", [](MountOptions& o, std::string_view) { o.noatime = true; }},
        {"atime", [](MountOptions& o, std::string_view) { o.noatime = false; }},
        // What is always so.
        {"default_permissions", nothing},
        {"userxattr", nothing},
        {"relatime", nothing},
        {"lazytime", nothing},
    };
    return table;
}

void set_option(MountOptions& o, const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto& table = equals == word.npos ? flag_options() : value_options();
    const auto it = table.find(name);
    if (it != table.end()) return it->second(o, equals == word.npos ? "" : word.substr(equals + 1));
    if (flag_options().count(name)) throw Error("option '{}' takes no value", printable(name));
    if (value_options().count(name)) throw Error("option '{}' needs a value", printable(name));
    throw Error("unknown option '{}'", printable(word)).with_hint("rpod-fuse-overlayfs(1) lists the options");
}

}  // namespace

OwnerMap MountOptions::uid_map() const {
    return OwnerMap(uids, squash_to_uid || !squash_to_root ? squash_to_uid : 0);
}

OwnerMap MountOptions::gid_map() const {
    return OwnerMap(gids, squash_to_gid || !squash_to_root ? squash_to_gid : 0);
}

MountOptions parse_mount_options(const std::vector<std::string>& texts) {
    MountOptions options;
    for (const std::string& text : texts) {
        for (const std::string& word : split_escaped(text, ',')) {
            if (!word.empty()) set_option(options, word);
        }
    }
    if (options.lowers.empty()) throw Error("no lowerdir given");
    if (options.upper.empty() != options.work.empty())
        throw Error(options.upper.empty() ? "a workdir without an upperdir" : "no workdir given");
    if (options.source.empty() || options.source.find_first_of(",\\") != std::string::npos)
        throw Error("option 'fsname': '{}' cannot be shown", printable(options.source));
    return options;
}

}  // namespace rpod::overlay
