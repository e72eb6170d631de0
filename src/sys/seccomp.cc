// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/seccomp.hh"

#include <seccomp.h>

#include <cerrno>
#include <memory>

#include "base/error.hh"

namespace rpod::sys {
namespace {

void check_seccomp(int rc, const char* what) {
    // libseccomp returns negative errno values.
    if (rc < 0) throw SysError(-rc, "system call filter: {}", what);
}

}  // namespace

void allow_only_syscalls(std::span<const char* const> names) {
    const std::unique_ptr<void, void (*)(scmp_filter_ctx)> filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)),
                                                                  ::seccomp_release);
    if (!filter) throw Error("system call filter: out of memory");
    for (const char* name : names) {
        const int number = ::seccomp_syscall_resolve_name(name);
        // Negative numbers: known to libseccomp, but not on this architecture.
        if (number == __NR_SCMP_ERROR) throw Error("system call filter: no system call '{}'", name);
        if (number >= 0) check_seccomp(::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0), name);
    }
    check_seccomp(::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "all threads");
    check_seccomp(::seccomp_load(filter.get()), "load");
}

}  // namespace rpod::sys
