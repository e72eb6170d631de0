// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_limits.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/parse_namespace.hh"
#include "container/parse_path.hh"
#include "sys/rlimit.hh"

namespace rpod::container {
namespace {

int64_t parse_limit(std::string_view part, std::string_view text) {
    if (part == "-1" || part == "unlimited") return kUnlimited;
    const auto value = parse_uint(part, INT64_MAX);
    if (!value) throw Error("ulimit '{}': '{}' is not a number", printable(text), printable(part));
    return static_cast<int64_t>(*value);
}

enum class SysctlOwner { nobody, ipc, network, uts };

/// The namespace that keeps the sysctl; nobody for those of the whole machine.
SysctlOwner owner_of(std::string_view name) {
    static constexpr std::array<std::string_view, 8> ipc{
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
        "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};
    if (std::find(ipc.begin(), ipc.end(), name) != ipc.end()) return SysctlOwner::ipc;
    if (name.starts_with("fs.mqueue.")) return SysctlOwner::ipc;
    if (name.starts_with("net.")) return SysctlOwner::network;
    if (name == "kernel.domainname" || name == "kernel.hostname") return SysctlOwner::uts;
    return SysctlOwner::nobody;
}

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// "net.ipv4.conf.all.rp_filter": parts of letters, digits, '_' and '-'; none empty, so no "..".
bool is_sysctl_name(std::string_view name) {
    for (const auto part : split(name, '.')) {
        if (part.empty()) return false;
        for (const char c : part) {
            if (!is_alnum(c) && c != '_' && c != '-') return false;
        }
    }
    return true;
}

bool is_sysctl_value(std::string_view value) {
    constexpr std::string_view others = " \t._,:/-";
    return !value.empty() && std::all_of(value.begin(), value.end(), [&](char c) {
        return is_alnum(c) || others.find(c) != std::string_view::npos;
    });
}

bool is_permissions(std::string_view text) {
    return !text.empty() && text.size() <= 3 && text.find_first_not_of("rwm") == std::string_view::npos;
}

void check_user_part(std::string_view part, std::string_view text, std::string_view what) {
    const auto fail = [&](std::string_view problem) {
        throw Error("{} '{}': {}", what, printable(text), problem);
    };
    if (part.empty()) fail("expected NAME or NUMBER, and the same of a group behind ':'");
    if (part.find_first_not_of("0123456789") == std::string_view::npos) {
        if (!parse_uint(part, INT32_MAX)) fail("a number is at most 2147483647");
        return;
    }
    if (part[0] == '-' || part[0] == '+') fail("a name does not begin with '-' or '+'");
    for (const char c : part) {
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == '/')
            fail("a name has no blanks and no '/'");
    }
}

struct SignalName {
    std::string_view name;
    int number;
};
constexpr std::array<SignalName, 33> kSignals{
    {{"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT},     {"ILL", SIGILL},   {"TRAP", SIGTRAP},
     {"ABRT", SIGABRT}, {"IOT", SIGIOT},       {"BUS", SIGBUS},       {"FPE", SIGFPE},   {"KILL", SIGKILL},
     {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},     {"USR2", SIGUSR2},     {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},
     {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},     {"CLD", SIGCHLD},  {"CONT", SIGCONT},
     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU}, {"URG", SIGURG},
     {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},     {"VTALRM", SIGVTALRM}, {"PROF", SIGPROF}, {"WINCH", SIGWINCH},
     {"IO", SIGIO},     {"PWR", SIGPWR},       {"SYS", SIGSYS}}};

// As containers count them: glibc keeps 32 and 33 for itself.
constexpr int kRtMin = 34;
constexpr int kRtMax = 64;

/// "RTMIN", "RTMIN+3", "RTMAX-2" → the number.
std::optional<int> find_realtime_signal(std::string_view name) {
    if (name == "RTMIN") return kRtMin;
    if (name == "RTMAX") return kRtMax;
    const bool from_min = name.starts_with("RTMIN+");
    if (!from_min && !name.starts_with("RTMAX-")) return std::nullopt;
    const auto offset = parse_uint(name.substr(6), kRtMax - kRtMin);
    if (!offset) return std::nullopt;
    return from_min ? kRtMin + static_cast<int>(*offset) : kRtMax - static_cast<int>(*offset);
}

struct SysctlNamespace {
    NamespaceMode mode;
    std::string_view what;
};

SysctlNamespace namespace_of(const ContainerConfig& config, const std::string& name) {
    switch (owner_of(name)) {
        case SysctlOwner::ipc:
            return {config.ipc.mode, "IPC"};
        case SysctlOwner::network:
            return {network_namespace(config.network).mode, "network"};
        case SysctlOwner::uts:
            return {config.uts.mode, "UTS"};
        case SysctlOwner::nobody:
            break;
    }
    throw Error("sysctl '{}' is not kept for each container", printable(name));
}

}  // namespace

Ulimit parse_ulimit(std::string_view text) {
    const size_t at = text.find('=');
    if (at == std::string_view::npos) throw Error("ulimit '{}': expected NAME=SOFT[:HARD]", printable(text));
    Ulimit out;
    out.name = to_lower(text.substr(0, at));
    if (out.name.starts_with("rlimit_")) out.name.erase(0, 7);
    if (!sys::find_rlimit(out.name)) {
        throw Error("ulimit '{}': unknown limit '{}'", printable(text), printable(out.name));
    }
    const auto values = split(text.substr(at + 1), ':');
    if (values.size() > 2) throw Error("ulimit '{}': expected NAME=SOFT[:HARD]", printable(text));
    out.soft = parse_limit(values.front(), text);
    out.hard = parse_limit(values.back(), text);
    if (out.hard != kUnlimited && (out.soft == kUnlimited || out.soft > out.hard)) {
        throw Error("ulimit '{}': the soft limit is above the hard limit", printable(text));
    }
    return out;
}

std::pair<std::string, std::string> parse_sysctl(std::string_view text) {
    const size_t at = text.find('=');
    if (at == std::string_view::npos) throw Error("sysctl '{}': expected NAME=VALUE", printable(text));
    const auto name = trim(text.substr(0, at));
    const auto value = trim(text.substr(at + 1));
    if (!is_sysctl_name(name)) {
        throw Error("sysctl '{}': a name consists of letters, digits, '_', '-' and dots between them",
                    printable(text));
    }
    if (owner_of(name) == SysctlOwner::nobody) {
        throw Error("sysctl '{}': not kept for each container by the kernel, so it cannot be set",
                    printable(text));
    }
    if (!is_sysctl_value(value)) {
        throw Error("sysctl '{}': a value consists of letters, digits, blanks and '._,:/-'", printable(text));
    }
    return {std::string(name), std::string(value)};
}

bool owns_sysctl(const ContainerConfig& config, const std::string& name) {
    const auto mode = namespace_of(config, name).mode;
    return mode == NamespaceMode::private_ || mode == NamespaceMode::shareable || mode == NamespaceMode::none;
}

void check_sysctls(const ContainerConfig& config) {
    for (const auto& [name, value] : config.sysctls) {
        const auto [mode, what] = namespace_of(config, name);
        if (mode == NamespaceMode::host) {
            throw Error("sysctl '{}' cannot be set: the container uses the host's {} namespace", name, what);
        }
    }
}

Device parse_device(std::string_view text) {
    const auto parts = split(text, ':');
    if (!text.starts_with('/') && text.find('=') != std::string_view::npos) {
        throw Error("device '{}': CDI devices are not supported yet", printable(text));
    }
    const auto usage = [&] { return Error("device '{}': expected HOST[:CONTAINER][:rwm]", printable(text)); };
    if (parts.size() > 3 || !parts[0].starts_with('/')) throw usage();
    Device out;
    out.host_path = clean_path(parts[0]);
    out.container_path = out.host_path;
    if (parts.size() == 3 || (parts.size() == 2 && !is_permissions(parts[1]))) {
        out.container_path = parse_destination(parts[1], fmt::format("device '{}'", printable(text)));
    }
    if (parts.size() == 3 || (parts.size() == 2 && is_permissions(parts[1]))) {
        if (!is_permissions(parts.back())) throw usage();
        out.permissions = parts.back();
    }
    const auto has = [&](char c) { return out.permissions.find(c) != std::string::npos; };
    if (!has('r') || !has('w')) {
        throw Error("device '{}': permissions below rw cannot be enforced without root", printable(text));
    }
    return out;
}

void check_user(std::string_view text, std::string_view what) {
    const auto parts = split(text, ':');
    if (parts.size() > 2) throw Error("{} '{}': expected USER[:GROUP]", what, printable(text));
    for (const auto part : parts) check_user_part(part, text, what);
}

uint32_t parse_umask(std::string_view text) {
    uint32_t mask = 0;
    bool ok = !text.empty() && text.size() <= 5;
    for (const char c : text) {
        ok = ok && c >= '0' && c <= '7';
        if (ok) mask = mask * 8 + static_cast<uint32_t>(c - '0');
    }
    if (!ok || mask > 0777) throw Error("umask '{}' is not an octal number up to 0777", printable(text));
    return mask;
}

std::string parse_add_host(std::string_view text) {
    const auto parts = split(text, ':', 2);
    if (parts.size() != 2) throw Error("add-host '{}': expected NAME:IP", printable(text));
    for (const auto name : split(parts[0], ';')) {
        const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return is_alnum(c) || c == '.' || c == '-' || c == '_';
        });
        if (!plain) throw Error("add-host '{}': '{}' is not a host name", printable(text), printable(name));
    }
    std::string ip(parts[1]);
    if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']') ip = ip.substr(1, ip.size() - 2);
    in6_addr address{};
    const bool valid =
        ip.find('\0') == std::string::npos &&
        (::inet_pton(AF_INET, ip.c_str(), &address) == 1 || ::inet_pton(AF_INET6, ip.c_str(), &address) == 1);
    if (ip != "host-gateway" && !valid) {
        throw Error("add-host '{}': '{}' is not an IP address", printable(text), printable(ip));
    }
    return fmt::format("{}:{}", parts[0], ip);
}

int parse_signal(std::string_view text) {
    if (const auto number = parse_uint(text, kRtMax); number && *number > 0) return static_cast<int>(*number);
    std::string name;
    for (const char c : text) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    std::string_view bare = name;
    if (bare.starts_with("SIG")) bare.remove_prefix(3);
    for (const auto& signal : kSignals) {
        if (signal.name == bare) return signal.number;
    }
    if (const auto number = find_realtime_signal(bare)) return *number;
    throw Error("invalid signal: '{}'", printable(text));
}

}  // namespace rpod::container
