// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/top_columns.hh"

#include <grp.h>
#include <pwd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/go_duration.hh"
#include "sys/capability.hh"

namespace rpod::cli {
namespace {

using container::ProcessInfo;

std::string named(const std::map<uint32_t, std::string>& names, const userns::IdMap& map, uint32_t host_id) {
    const auto id = map.to_inside(host_id);
    if (!id) return "nobody";
    const auto it = names.find(*id);
    return it == names.end() ? std::to_string(*id) : it->second;
}
std::string user(const TopFacts& f, uint32_t host_id) { return named(f.users, f.uids, host_id); }
std::string group(const TopFacts& f, uint32_t host_id) { return named(f.groups, f.gids, host_id); }

std::string host_user(TopFacts& f, uint32_t id) {
    auto& name = f.host_users[id];
    if (name.empty()) {
        const passwd* entry = ::getpwuid(id);
        name = entry ? entry->pw_name : std::to_string(id);
    }
    return name;
}
std::string host_group(TopFacts& f, uint32_t id) {
    auto& name = f.host_groups[id];
    if (name.empty()) {
        const ::group* entry = ::getgrgid(id);
        name = entry ? entry->gr_name : std::to_string(id);
    }
    return name;
}

uint64_t age_ns(const ProcessInfo& p, const TopFacts& f) {
    return f.now_ns > p.start_ns ? f.now_ns - p.start_ns : 0;
}

std::string cpu_percent(const ProcessInfo& p, const TopFacts& f) {
    const auto age = age_ns(p, f);
    return fmt::format("{:.3f}",
                       age ? 100.0 * static_cast<double>(p.cpu_ns) / static_cast<double>(age) : 0.0);
}

std::string command_line(const ProcessInfo& p) {
    return printable(p.args.empty() ? "[" + p.comm + "]" : join(p.args, " "));
}

/// proc(5): the device numbers of terminals, Documentation/admin-guide/devices.txt of the kernel.
std::string terminal(const ProcessInfo& p) {
    if (p.tty_major >= 136 && p.tty_major <= 143)
        return fmt::format("pts/{}", (p.tty_major - 136) * 256 + p.tty_minor);
    if (p.tty_major == 4 && p.tty_minor < 64) return fmt::format("tty{}", p.tty_minor);
    if (p.tty_major == 4) return fmt::format("ttyS{}", p.tty_minor - 64);
    return "?";
}

/// "none", "full", or names without "CAP_".
std::string capabilities(const std::string& hex) {
    uint64_t set = 0;
    for (const char c : hex) {
        const auto digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
        set = set << 4 | static_cast<uint64_t>(digit);
    }
    if (set == 0) return "none";
    const auto all = sys::kernel_capabilities();
    if ((set & all) == all) return "full";
    std::vector<std::string> names;
    for (const auto& name : sys::capability_names(set)) names.push_back(name.substr(4));
    return join(names, ",");
}

std::string seccomp(const ProcessInfo& p) {
    return p.seccomp == 2 ? "filter" : p.seccomp == 1 ? "strict" : "disabled";
}

template <class Name>
std::string list(const std::vector<uint32_t>& ids, Name name) {
    std::vector<std::string> names;
    for (const auto id : ids) names.push_back(name(id));
    return join(names, ",");
}

struct Named {
    const char* name;
    const char* code;  ///< ps(1)'s, or ""
    TopColumn column;
};

const std::vector<Named>& columns() {
    using P = const ProcessInfo&;
    using F = TopFacts&;
    static const std::vector<Named> all{
        {"args", "%a", {"COMMAND", [](P p, F) { return command_line(p); }}},
        {"capamb", "", {"AMBIENT CAPS", [](P p, F) { return capabilities(p.capabilities[4]); }}},
        {"capbnd", "", {"BOUNDING CAPS", [](P p, F) { return capabilities(p.capabilities[3]); }}},
        {"capeff", "", {"EFFECTIVE CAPS", [](P p, F) { return capabilities(p.capabilities[2]); }}},
        {"capinh", "", {"INHERITED CAPS", [](P p, F) { return capabilities(p.capabilities[0]); }}},
        {"capprm", "", {"PERMITTED CAPS", [](P p, F) { return capabilities(p.capabilities[1]); }}},
        {"comm", "%c", {"COMMAND", [](P p, F) { return printable(p.comm); }}},
        {"etime", "%t", {"ELAPSED", [](P p, F f) { return go_duration(age_ns(p, f)); }}},
        {"group", "%G", {"GROUP", [](P p, F f) { return group(f, p.gids[1]); }}},
        {"groups",
         "",
         {"GROUPS", [](P p, F f) { return list(p.groups, [&](uint32_t g) { return group(f, g); }); }}},
        {"hgroup", "", {"HGROUP", [](P p, F f) { return host_group(f, p.gids[1]); }}},
        {"hgroups",
         "",
         {"HGROUPS", [](P p, F f) { return list(p.groups, [&](uint32_t g) { return host_group(f, g); }); }}},
        {"hpid", "", {"HPID", [](P p, F) { return std::to_string(p.host_pid); }}},
        {"huser", "", {"HUSER", [](P p, F f) { return host_user(f, p.uids[1]); }}},
        {"nice", "%n", {"NI", [](P p, F) { return std::to_string(p.nice); }}},
        {"pcpu", "%C", {"%CPU", [](P p, F f) { return cpu_percent(p, f); }}},
        {"pgid", "%r", {"PGID", [](P p, F) { return std::to_string(p.pgid); }}},
        {"pid", "%p", {"PID", [](P p, F) { return std::to_string(p.pid); }}},
        {"ppid", "%P", {"PPID", [](P p, F) { return std::to_string(p.ppid); }}},
        {"rgroup", "%g", {"RGROUP", [](P p, F f) { return group(f, p.gids[0]); }}},
        {"rss", "", {"RSS", [](P p, F) { return std::to_string(p.resident_bytes / 1024); }}},
        {"ruser", "%u", {"RUSER", [](P p, F f) { return user(f, p.uids[0]); }}},
        {"seccomp", "", {"SECCOMP", [](P p, F) { return seccomp(p); }}},
        {"state", "", {"STATE", [](P p, F) { return std::string(1, p.state); }}},
        {"time", "%x", {"TIME", [](P p, F) { return go_duration(p.cpu_ns); }}},
        {"tty", "%y", {"TTY", [](P p, F) { return terminal(p); }}},
        {"user", "%U", {"USER", [](P p, F f) { return user(f, p.uids[1]); }}},
        {"vsz", "%z", {"VSZ", [](P p, F) { return std::to_string(p.virtual_bytes / 1024); }}},
    };
    return all;
}

}  // namespace

TopColumn find_top_column(const std::string& name) {
    for (const auto& known : columns()) {
        if (name == known.name || (*known.code && name == known.code)) return known.column;
    }
    throw Error("unknown descriptor \"{}\": choose from {}", printable(name), join(top_column_names(), ", "));
}

std::vector<std::string> top_column_names() {
    std::vector<std::string> names;
    for (const auto& known : columns()) names.emplace_back(known.name);
    return names;
}

}  // namespace rpod::cli
