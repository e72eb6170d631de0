// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/capability.hh"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::sys {
namespace {

/// linux/capability.h, in the order of the numbers.
constexpr std::array<const char*, 41> kNames = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

constexpr int kMaxCapabilities = 64;

/// capget(2) and capset(2) in version 3: two words of 32 bits.
struct Header {
    uint32_t version = _LINUX_CAPABILITY_VERSION_3;
    int pid = 0;
};
using Data = std::array<__user_cap_data_struct, 2>;

CapSet word_pair(uint32_t low, uint32_t high) { return CapSet{high} << 32 | low; }

bool bounding_has(int number) {
    return ::prctl(PR_CAPBSET_READ, static_cast<unsigned long>(number), 0, 0, 0) == 1;
}

bool ambient_has(int number) {
    return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, static_cast<unsigned long>(number), 0, 0) == 1;
}

void set_ambient(CapSet wanted) {
    check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "clear the ambient capabilities");
    for (int n = 0; n < kMaxCapabilities; ++n) {
        if (!(wanted & cap_bit(n))) continue;
        check(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, static_cast<unsigned long>(n), 0, 0),
              "raise the ambient capability {}", capability_name(n));
    }
}

}  // namespace

std::optional<int> find_capability(std::string_view name) {
    const std::string lower = to_lower(name);
    const std::string_view bare = lower.starts_with("cap_") ? std::string_view(lower).substr(4) : lower;
    for (size_t n = 0; n < kNames.size(); ++n) {
        if (to_lower(kNames[n] + 4) == bare) return static_cast<int>(n);
    }
    return std::nullopt;
}

std::string capability_name(int number) {
    if (number >= 0 && static_cast<size_t>(number) < kNames.size())
        return kNames[static_cast<size_t>(number)];
    return fmt::format("CAP_{}", number);
}

CapSet capability_set(const std::vector<std::string>& names) {
    CapSet set = 0;
    for (const auto& name : names) {
        const auto number = find_capability(name);
        if (!number) throw Error("there is no capability '{}'", printable(name));
        set |= cap_bit(*number);
    }
    return set;
}

std::vector<std::string> capability_names(CapSet set) {
    std::vector<std::string> names;
    for (int n = 0; n < kMaxCapabilities; ++n) {
        if (set & cap_bit(n)) names.push_back(capability_name(n));
    }
    return names;
}

CapSet kernel_capabilities() {
    CapSet set = 0;
    for (int n = 0; n < kMaxCapabilities; ++n) {
        // EINVAL above the last one.
        if (::prctl(PR_CAPBSET_READ, static_cast<unsigned long>(n), 0, 0, 0) < 0) break;
        set |= cap_bit(n);
    }
    return set;
}

CapSets current_capabilities() {
    Header header;
    Data data{};
    check(::syscall(SYS_capget, &header, data.data()), "read the capabilities of this process");
    CapSets sets;
    sets.effective = word_pair(data[0].effective, data[1].effective);
    sets.permitted = word_pair(data[0].permitted, data[1].permitted);
    sets.inheritable = word_pair(data[0].inheritable, data[1].inheritable);
    for (int n = 0; n < kMaxCapabilities; ++n) {
        if (bounding_has(n)) sets.bounding |= cap_bit(n);
        if (ambient_has(n)) sets.ambient |= cap_bit(n);
    }
    return sets;
}

void limit_bounding(CapSet keep) {
    for (int n = 0; n < kMaxCapabilities; ++n) {
        if ((keep & cap_bit(n)) || !bounding_has(n)) continue;
        check(::prctl(PR_CAPBSET_DROP, static_cast<unsigned long>(n), 0, 0, 0),
              "drop {} from the bounding set", capability_name(n));
    }
}

void keep_capabilities(bool on) {
    check(::prctl(PR_SET_KEEPCAPS, on ? 1UL : 0UL, 0, 0, 0), "keep capabilities when the user ID changes");
}

void set_capabilities(const CapSets& sets) {
    const CapSet kernel = kernel_capabilities();
    const CapSet permitted = sets.permitted & kernel;
    const CapSet effective = sets.effective & permitted;
    const CapSet inheritable = sets.inheritable & kernel;
    Header header;
    Data data{};
    check(::syscall(SYS_capget, &header, data.data()), "read the capabilities of this process");
    if (const CapSet lacking = permitted & ~word_pair(data[0].permitted, data[1].permitted)) {
        throw Error("set capabilities: this process lacks {}", join(capability_names(lacking), ", "));
    }
    for (size_t word = 0; word < data.size(); ++word) {
        const auto shift = 32 * word;
        data[word] = {.effective = static_cast<uint32_t>(effective >> shift),
                      .permitted = static_cast<uint32_t>(permitted >> shift),
                      .inheritable = static_cast<uint32_t>(inheritable >> shift)};
    }
    check(::syscall(SYS_capset, &header, data.data()), "set capabilities");
    set_ambient(sets.ambient & permitted & inheritable);
    keep_capabilities(false);
}

}  // namespace rpod::sys
