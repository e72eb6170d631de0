// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/user_lookup.hh"

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::runtime {
namespace {

constexpr size_t kMaxFile = 16 << 20;
/// NGROUPS_MAX
constexpr size_t kMaxGroups = 65536;

/// passwd(5): name:password:uid:gid:comment:home:shell
struct PasswdEntry {
    std::string_view name;
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::string_view home, shell;
};

/// group(5): name:password:gid:member,member
struct GroupEntry {
    std::string_view name;
    uint32_t gid = 0;
    std::string_view members;
};

std::optional<uint32_t> parse_id(std::string_view text) {
    const auto value = parse_uint(text, kMaxContainerId);
    return value ? std::optional(static_cast<uint32_t>(*value)) : std::nullopt;
}

/// No name of the files: nothing, NIS's "+" and "-", or what a C library would see the start of only.
bool is_entry_name(std::string_view name) {
    return !name.empty() && name[0] != '+' && name[0] != '-' && name.find('\0') == std::string_view::npos;
}

std::optional<PasswdEntry> parse_passwd_line(std::string_view line) {
    const auto fields = split(line, ':', 8);
    if (fields.size() < 4 || !is_entry_name(fields[0])) return std::nullopt;
    const auto uid = parse_id(fields[2]), gid = parse_id(fields[3]);
    if (!uid || !gid) return std::nullopt;
    return PasswdEntry{.name = fields[0],
                       .uid = *uid,
                       .gid = *gid,
                       .home = fields.size() > 5 ? fields[5] : std::string_view(),
                       .shell = fields.size() > 6 ? fields[6] : std::string_view()};
}

std::optional<GroupEntry> parse_group_line(std::string_view line) {
    const auto fields = split(line, ':', 5);
    if (fields.size() < 3 || !is_entry_name(fields[0])) return std::nullopt;
    const auto gid = parse_id(fields[2]);
    if (!gid) return std::nullopt;
    return GroupEntry{
        .name = fields[0], .gid = *gid, .members = fields.size() > 3 ? fields[3] : std::string_view()};
}

/// Calls fn for each line until it returns true.
void for_each_line(std::string_view text, const std::function<bool(std::string_view)>& fn) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (fn(text.substr(0, end))) return;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

template <class Entry>
std::optional<Entry> find_entry(std::string_view text, std::optional<Entry> (*parse)(std::string_view),
                                const std::function<bool(const Entry&)>& matches) {
    std::optional<Entry> found;
    for_each_line(text, [&](std::string_view line) {
        auto entry = parse(line);
        if (!entry || !matches(*entry)) return false;
        found = entry;
        return true;
    });
    return found;
}

std::optional<PasswdEntry> find_user(std::string_view passwd, std::string_view name) {
    return find_entry<PasswdEntry>(passwd, parse_passwd_line, [&](const auto& e) { return e.name == name; });
}
std::optional<PasswdEntry> find_user(std::string_view passwd, uint32_t uid) {
    return find_entry<PasswdEntry>(passwd, parse_passwd_line, [&](const auto& e) { return e.uid == uid; });
}

/// Whether the text can only be meant as a number, though perhaps not as an ID: "-1", "+0", "99999999999".
bool looks_numeric(std::string_view text) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The number, nothing for a name. @throws Error for a number that is no ID
std::optional<uint32_t> id_of(std::string_view text, const char* what) {
    if (!looks_numeric(text)) return std::nullopt;
    const auto id = parse_id(text);
    if (!id) throw Error("{} '{}': not a number from 0 to {}", what, printable(text), kMaxContainerId);
    return id;
}

uint32_t find_group(std::string_view group, std::string_view text) {
    if (const auto id = id_of(text, "group")) return *id;
    const auto entry =
        find_entry<GroupEntry>(group, parse_group_line, [&](const auto& e) { return e.name == text; });
    if (!entry) throw Error("group '{}': not in the container's /etc/group", printable(text));
    return entry->gid;
}

bool has_member(std::string_view members, std::string_view name) {
    const auto list = split(members, ',');
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::vector<uint32_t> groups_of_member(std::string_view group, std::string_view name) {
    std::vector<uint32_t> gids;
    for_each_line(group, [&](std::string_view line) {
        const auto entry = parse_group_line(line);
        if (entry && has_member(entry->members, name)) gids.push_back(entry->gid);
        return gids.size() > kMaxGroups;
    });
    return gids;
}

/// "USER[:GROUP]": sets uid, gid and the groups that follow from them.
void resolve_text(std::string_view text, std::string_view passwd, std::string_view group,
                  ContainerUser& out) {
    const auto parts = split(text, ':', 2);
    const std::string_view user = parts[0], group_text = parts.size() > 1 ? parts[1] : std::string_view();
    const auto number = user.empty() ? std::optional<uint32_t>(0) : id_of(user, "user");
    const auto entry = number ? find_user(passwd, *number) : find_user(passwd, user);
    if (!entry && !number) throw Error("user '{}': not in the container's /etc/passwd", printable(user));
    out.uid = entry ? entry->uid : *number;
    out.gid = entry ? entry->gid : 0;
    if (!group_text.empty()) {
        out.gid = find_group(group, group_text);
    } else if (entry) {
        out.groups = groups_of_member(group, entry->name);
    }
}

void add_groups(const oci::User& user, std::string_view group, ContainerUser& out) {
    out.groups.insert(out.groups.end(), user.additional_gids.begin(), user.additional_gids.end());
    for (const auto& text : user.group_names) out.groups.push_back(find_group(group, text));
    std::unordered_set<uint32_t> seen;
    out.groups.erase(std::remove_if(out.groups.begin(), out.groups.end(),
                                    [&](uint32_t gid) { return !seen.insert(gid).second; }),
                     out.groups.end());
    if (out.groups.size() > kMaxGroups) throw Error("more than {} supplementary groups", kMaxGroups);
}

}  // namespace

ContainerUser resolve_user(const oci::User& user, std::string_view passwd, std::string_view group) {
    ContainerUser out;
    out.uid = user.uid;
    out.gid = user.gid;
    if (user.name) resolve_text(*user.name, passwd, group, out);
    add_groups(user, group, out);
    // By name first: several names may share the uid.
    auto entry = user.name ? find_user(passwd, split(*user.name, ':', 2)[0]) : std::nullopt;
    if (!entry || entry->uid != out.uid) entry = find_user(passwd, out.uid);
    if (entry) {
        out.name = entry->name;
        out.shell = entry->shell;
        if (entry->home.starts_with('/') && entry->home.find('\0') == std::string_view::npos)
            out.home = entry->home;
    }
    return out;
}

ContainerUser resolve_user(const oci::User& user, const sys::RootedDir& root) {
    const auto passwd = root.read_file("/etc/passwd", kMaxFile).value_or("");
    const auto group = root.read_file("/etc/group", kMaxFile).value_or("");
    return resolve_user(user, passwd, group);
}

bool has_group(const sys::RootedDir& root, uint32_t gid) {
    const auto group = root.read_file("/etc/group", kMaxFile).value_or("");
    return find_entry<GroupEntry>(group, parse_group_line, [&](const auto& e) { return e.gid == gid; })
        .has_value();
}

}  // namespace rpod::runtime
