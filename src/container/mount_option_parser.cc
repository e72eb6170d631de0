// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/mount_option_parser.hh"

#include <array>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {

void MountOptionParser::fail(std::string_view message) const { throw Error("{}: {}", what_, message); }

void MountOptionParser::fail_unknown(std::string_view word) const {
    fail(fmt::format("unknown option '{}'", printable(word)));
}

void MountOptionParser::once(std::string_view kind) {
    if (!seen_.emplace(kind).second) fail(fmt::format("only one of {} can be given, and once", kind));
}

std::string_view MountOptionParser::need_value(std::string_view key,
                                               std::optional<std::string_view> value) const {
    if (!value || value->empty()) fail(fmt::format("option '{}' needs a value", key));
    return *value;
}

bool MountOptionParser::parse_bool(std::string_view key, std::optional<std::string_view> value) const {
    if (!value || *value == "true" || *value == "1") return true;
    if (*value == "false" || *value == "0") return false;
    fail(fmt::format("option '{}' is true or false, not '{}'", key, printable(*value)));
}

uint64_t MountOptionParser::parse_bytes(std::string_view key, std::optional<std::string_view> value) const {
    const auto bytes = parse_size(need_value(key, value));
    if (!bytes) fail(fmt::format("option '{}': '{}' is not a size such as 64m", key, printable(*value)));
    return *bytes;
}

uint32_t MountOptionParser::parse_id(std::string_view key, std::optional<std::string_view> value) const {
    // 2^32 - 1 is "no ID" to the kernel.
    const auto id = parse_uint(need_value(key, value), UINT32_MAX - 1);
    if (!id) fail(fmt::format("option '{}': '{}' is not a number", key, printable(*value)));
    return static_cast<uint32_t>(*id);
}

uint32_t MountOptionParser::parse_mode(std::string_view key, std::optional<std::string_view> value) const {
    const auto text = need_value(key, value);
    uint32_t mode = 0;
    for (const char c : text) {
        if (c < '0' || c > '7' || mode > 07777) {
            fail(fmt::format("option '{}': '{}' is not an octal mode", key, printable(text)));
        }
        mode = mode * 8 + static_cast<uint32_t>(c - '0');
    }
    if (mode > 07777) fail(fmt::format("option '{}': '{}' is not an octal mode", key, printable(text)));
    return mode;
}

bool MountOptionParser::take_chown(bool& chown, std::string_view key, std::optional<std::string_view> value) {
    if (key != "U" && key != "chown") return false;
    once("U and chown");
    chown = parse_bool(key, value);
    return true;
}

bool MountOptionParser::take_bind_word(MountOptions& options, std::string_view word) {
    if (const auto propagation = find_propagation(word)) {
        once("the propagation options");
        options.propagation = *propagation;
        return true;
    }
    if (word == "z" || word == "Z") {
        once("z and Z");
        options.relabel = word == "z" ? Relabel::shared : Relabel::private_;
        return true;
    }
    // rbind is what all binds are; the others tune docker's file sharing on macOS.
    return word == "rbind" || word == "consistent" || word == "cached" || word == "delegated";
}

bool MountOptionParser::take_tmpfs(TmpfsMount& mount, std::string_view key,
                                   std::optional<std::string_view> value) {
    if (key == "size") {
        once("size");
        mount.size_bytes = parse_bytes(key, value);
    } else if (key == "mode") {
        once("mode");
        mount.mode = parse_mode(key, value);
    } else if (key == "uid") {
        once("uid");
        mount.uid = parse_id(key, value);
    } else if (key == "gid") {
        once("gid");
        mount.gid = parse_id(key, value);
    } else if (key == "nr_inodes") {
        once("nr_inodes");
        mount.inodes = parse_bytes(key, value);
    } else if (key == "tmpcopyup" || key == "notmpcopyup") {
        once("tmpcopyup and notmpcopyup");
        mount.copy_up = parse_bool(key, value) == (key == "tmpcopyup");
    } else {
        return false;
    }
    return true;
}

void MountOptionParser::refuse_unsupported(std::string_view key) const {
    struct Refused {
        std::string_view key;
        std::string_view reason;
    };
    static constexpr std::array<Refused, 8> refused{
        {{"O", "an overlay over a volume is not supported yet"},
         {"upperdir", "an overlay over a volume is not supported yet"},
         {"workdir", "an overlay over a volume is not supported yet"},
         {"idmap", "ID-mapped mounts are not supported: they need privileges on the host"},
         {"bind", "a bind without what is mounted below it is refused by the kernel in a user namespace"},
         {"bind-nonrecursive",
          "a bind without what is mounted below it is refused by the kernel in a user namespace"},
         {"volume-opt", "volume drivers are not supported"},
         {"subpath", "mounting a part of a volume is not supported yet"}}};
    for (const auto& r : refused) {
        if (r.key == key) fail(fmt::format("option '{}': {}", key, r.reason));
    }
}

}  // namespace rpod::container
