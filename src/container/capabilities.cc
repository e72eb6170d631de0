// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/capabilities.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {
namespace {

// The numbers of <linux/capability.h>, 0 to 40.
constexpr std::array<std::string_view, 41> kNames{"CHOWN",
                                                  "DAC_OVERRIDE",
                                                  "DAC_READ_SEARCH",
                                                  "FOWNER",
                                                  "FSETID",
                                                  "KILL",
                                                  "SETGID",
                                                  "SETUID",
                                                  "SETPCAP",
                                                  "LINUX_IMMUTABLE",
                                                  "NET_BIND_SERVICE",
                                                  "NET_BROADCAST",
                                                  "NET_ADMIN",
                                                  "NET_RAW",
                                                  "IPC_LOCK",
                                                  "IPC_OWNER",
                                                  "SYS_MODULE",
                                                  "SYS_RAWIO",
                                                  "SYS_CHROOT",
                                                  "SYS_PTRACE",
                                                  "SYS_PACCT",
                                                  "SYS_ADMIN",
                                                  "SYS_BOOT",
                                                  "SYS_NICE",
                                                  "SYS_RESOURCE",
                                                  "SYS_TIME",
                                                  "SYS_TTY_CONFIG",
                                                  "MKNOD",
                                                  "LEASE",
                                                  "AUDIT_WRITE",
                                                  "AUDIT_CONTROL",
                                                  "SETFCAP",
                                                  "MAC_OVERRIDE",
                                                  "MAC_ADMIN",
                                                  "SYSLOG",
                                                  "WAKE_ALARM",
                                                  "BLOCK_SUSPEND",
                                                  "AUDIT_READ",
                                                  "PERFMON",
                                                  "BPF",
                                                  "CHECKPOINT_RESTORE"};

constexpr std::string_view kAll = "ALL";

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::vector<std::string> all_capabilities(int last) {
    std::vector<std::string> out;
    for (int i = 0; i <= last && i < static_cast<int>(kNames.size()); ++i) {
        out.push_back(fmt::format("CAP_{}", kNames[static_cast<size_t>(i)]));
    }
    return out;
}

std::vector<std::string> default_capabilities() {
    return {"CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
            "CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",   "CAP_SETGID",
            "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};
}

std::string parse_capability(std::string_view text) {
    std::string name;
    for (const char c : text) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (name == kAll || name == "CAP_ALL") return std::string(kAll);
    if (name.starts_with("CAP_")) name.erase(0, 4);
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
        throw Error("unknown capability: '{}'", printable(text));
    }
    return "CAP_" + name;
}

std::vector<std::string> adjust_capabilities(std::vector<std::string> base,
                                             const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop, int last) {
    const bool add_all = contains(add, kAll);
    const bool drop_all = contains(drop, kAll);
    if (add_all && drop_all) throw Error("capabilities: ALL cannot be both added and dropped");
    for (const auto& name : add) {
        if (contains(drop, name)) throw Error("capability '{}' cannot be both added and dropped", name);
    }
    if (drop_all) base.clear();
    if (add_all) base = all_capabilities(last);
    for (const auto& name : add) {
        if (name != kAll && !contains(base, name)) base.push_back(name);
    }
    base.erase(
        std::remove_if(base.begin(), base.end(), [&](const auto& name) { return contains(drop, name); }),
        base.end());
    std::sort(base.begin(), base.end());
    return base;
}

}  // namespace rpod::container
