// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/processes.hh"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <map>
#include <optional>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr size_t kMaxText = 4 << 20;
constexpr uint64_t kSecond = 1'000'000'000;

uint64_t ticks_to_ns(std::string_view text) {
    static const auto per_second = static_cast<uint64_t>(::sysconf(_SC_CLK_TCK));
    return parse_uint(text, UINT64_MAX / kSecond).value_or(0) * (kSecond / per_second);
}

/// Empty where the link cannot be read, or the process is gone.
std::string read_link(int proc, const char* name) {
    std::array<char, 64> target{};
    const ssize_t n = ::readlinkat(proc, name, target.data(), target.size());
    return n > 0 ? std::string(target.data(), static_cast<size_t>(n)) : std::string();
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const auto begin = text.find_first_not_of(" \t");
        if (begin == std::string_view::npos) break;
        const auto end = std::min(text.find_first_of(" \t", begin), text.size());
        out.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
    return out;
}

/// proc(5), /proc/PID/stat. The name may hold anything, a ')' too: the last one ends it.
bool take_stat(std::string_view text, ProcessInfo& p) {
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) return false;
    p.comm = std::string(text.substr(open + 1, close - open - 1));
    const auto f = words(trim(text.substr(close + 1)));  // f[0] is field 3
    if (f.size() < 22) return false;
    p.state = f[0][0];
    p.ppid = static_cast<pid_t>(parse_uint(f[1], INT32_MAX).value_or(0));
    p.pgid = static_cast<pid_t>(parse_int(f[2]).value_or(0));
    const auto tty = static_cast<dev_t>(parse_int(f[4]).value_or(0));
    p.tty_major = static_cast<int>((tty >> 8) & 0xfff);
    p.tty_minor = static_cast<int>((tty & 0xff) | ((tty >> 12) & 0xfff00));
    p.cpu_ns = ticks_to_ns(f[11]) + ticks_to_ns(f[12]);
    p.children_cpu_ns = ticks_to_ns(f[13]) + ticks_to_ns(f[14]);
    p.nice = static_cast<int>(parse_int(f[16]).value_or(0));
    p.threads = static_cast<int>(parse_int(f[17]).value_or(0));
    p.start_ns = ticks_to_ns(f[19]);
    p.virtual_bytes = parse_uint(f[20]).value_or(0);
    p.resident_bytes = parse_uint(f[21]).value_or(0) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    return true;
}

void take_ids(std::string_view value, std::array<uint32_t, 4>& ids) {
    const auto fields = words(value);
    for (size_t i = 0; i < ids.size() && i < fields.size(); ++i)
        ids[i] = static_cast<uint32_t>(parse_uint(fields[i], UINT32_MAX).value_or(0));
}

pid_t innermost(std::string_view value) {
    const auto fields = words(value);
    return fields.empty() ? 0 : static_cast<pid_t>(parse_uint(fields.back(), INT32_MAX).value_or(0));
}

/// proc(5), /proc/PID/status.
void take_status(std::string_view text, ProcessInfo& p) {
    for (const auto line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        const auto key = line.substr(0, colon);
        const auto value = trim(line.substr(colon + 1));
        if (key == "Uid") take_ids(value, p.uids);
        if (key == "Gid") take_ids(value, p.gids);
        if (key == "NSpid") p.pid = innermost(value);
        if (key == "NSpgid") p.pgid = innermost(value);
        if (key == "CapInh") p.capabilities[0] = value;
        if (key == "CapPrm") p.capabilities[1] = value;
        if (key == "CapEff") p.capabilities[2] = value;
        if (key == "CapBnd") p.capabilities[3] = value;
        if (key == "CapAmb") p.capabilities[4] = value;
        if (key == "Seccomp") p.seccomp = static_cast<int>(parse_uint(value, 2).value_or(0));
        if (key != "Groups") continue;
        for (const auto group : words(value)) {
            if (const auto id = parse_uint(group, UINT32_MAX)) p.groups.push_back(static_cast<uint32_t>(*id));
        }
    }
}

std::vector<std::string> read_args(int proc) {
    std::vector<std::string> out;
    const auto fd = sys::find_at(proc, "cmdline", O_RDONLY);
    if (!fd) return out;
    auto text = sys::read_all(fd->get(), "a command line", kMaxText);
    if (text.ends_with('\0')) text.pop_back();
    if (text.empty()) return out;
    for (const auto part : split(text, '\0')) out.emplace_back(part);
    return out;
}

/// Nothing where it is gone.
std::optional<ProcessInfo> read_process(int proc, pid_t host_pid) {
    try {
        ProcessInfo p;
        p.host_pid = host_pid;
        if (!take_stat(sys::read_file_at(proc, "stat"), p)) return std::nullopt;
        take_status(sys::read_file_at(proc, "status"), p);
        p.args = read_args(proc);
        return p;
    } catch (const SysError&) {
        return std::nullopt;
    }
}

/// Parents are known by their host numbers: into those of the container.
void translate_parents(std::vector<ProcessInfo>& list) {
    std::map<pid_t, pid_t> inside;
    for (const auto& p : list) inside[p.host_pid] = p.pid;
    for (auto& p : list) {
        const auto it = inside.find(p.ppid);
        p.ppid = it == inside.end() ? 0 : it->second;
    }
}

/// `first` and all that descends from it; numbers are the host's, which the container shares.
void keep_descendants(std::vector<ProcessInfo>& list, pid_t first) {
    std::set<pid_t> family{first};
    for (size_t before = 0; before != family.size();) {
        before = family.size();
        for (const auto& p : list) {
            if (family.contains(p.ppid)) family.insert(p.host_pid);
        }
    }
    std::erase_if(list, [&](const ProcessInfo& p) { return !family.contains(p.host_pid); });
}

}  // namespace

std::vector<ProcessInfo> container_processes(pid_t first, bool own_namespace) {
    std::vector<ProcessInfo> list;
    const auto all = sys::open_file("/proc", O_RDONLY | O_DIRECTORY);
    const auto first_proc = sys::find_at(all.get(), std::to_string(first), O_PATH | O_DIRECTORY);
    const auto wanted = first_proc ? read_link(first_proc->get(), "ns/pid") : std::string();
    if (wanted.empty()) return list;
    for (const auto& name : sys::list_dir(all.get())) {
        const auto pid = parse_uint(name, INT32_MAX);
        if (!pid) continue;
        const auto proc = sys::find_at(all.get(), name, O_PATH | O_DIRECTORY);
        if (!proc || read_link(proc->get(), "ns/pid") != wanted) continue;
        if (auto process = read_process(proc->get(), static_cast<pid_t>(*pid)))
            list.push_back(*std::move(process));
    }
    if (!own_namespace) keep_descendants(list, first);
    translate_parents(list);
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.pid < b.pid; });
    return list;
}

bool has_own_pids(const ContainerConfig& config) {
    return config.pid.mode != NamespaceMode::host && config.pid.mode != NamespaceMode::path;
}

uint64_t boot_clock_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return static_cast<uint64_t>(now.tv_sec) * kSecond + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace rpod::container
