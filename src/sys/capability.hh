// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// capabilities(7) by raw system calls. Every call here changes the calling thread alone; a process of rpod
/// that changes its capabilities has one.
namespace rpod::sys {

/// Bit n is capability n.
using CapSet = uint64_t;

constexpr CapSet cap_bit(int number) noexcept { return CapSet{1} << number; }
constexpr int kCapSetpcap = 8;
constexpr int kCapNetAdmin = 12;
constexpr int kCapSysAdmin = 21;

/// "CAP_CHOWN" → 0; letters of either case, "CAP_" may be left out. Nothing for a name that no kernel has.
std::optional<int> find_capability(std::string_view name);
/// 0 → "CAP_CHOWN"; a capability newer than this list: "CAP_41".
std::string capability_name(int number);
/// @throws Error that names the first unknown one
CapSet capability_set(const std::vector<std::string>& names);
std::vector<std::string> capability_names(CapSet set);
/// The capabilities that the running kernel has (/proc/sys/kernel/cap_last_cap, asked for without /proc).
CapSet kernel_capabilities();

struct CapSets {
    CapSet bounding = 0, effective = 0, permitted = 0, inheritable = 0, ambient = 0;
    friend bool operator==(const CapSets&, const CapSets&) = default;
};

/// Those of the calling thread.
CapSets current_capabilities();

/// The way down, in this order, in init and in exec:
///     limit_bounding(sets.bounding)    needs CAP_SETPCAP
///     keep_capabilities(true)          so that leaving uid 0 clears the effective set only
///     setgroups, setresgid, setresuid
///     set_capabilities(sets)           also ends keep_capabilities
/// A process that stays as it is after that and calls execve gets what execve's rules make of the sets.

/// Drops every capability from the bounding set that is not in `keep`.
void limit_bounding(CapSet keep);
/// PR_SET_KEEPCAPS.
void keep_capabilities(bool on);
/// Permitted, effective, inheritable, then ambient: exactly the given sets (the bounding set is not touched).
/// Ambient capabilities that are not both permitted and inheritable cannot be had and are left out, as crun
/// and runc do (their generated configurations ask for such). Capabilities newer than the kernel are left
/// out.
/// @throws Error that names the capabilities that this process lacks
void set_capabilities(const CapSets& sets);

}  // namespace rpod::sys
