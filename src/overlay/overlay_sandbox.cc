// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/overlay_sandbox.hh"

#include <linux/fs.h>
#include <sys/prctl.h>

#include <array>
#include <cerrno>

#include "base/error.hh"
#include "sys/capability.hh"
#include "sys/seccomp.hh"

namespace rpod::overlay {
namespace {

/// By subject: files, names, attributes, memory and threads, the end.
constexpr std::array kAllowedCalls{
    "read",
    "write",
    "writev",
    "pread64",
    "preadv2",
    "pwrite64",
    "open",
    "openat",
    "close",
    "dup3",
    "lseek",
    "fallocate",
    "ftruncate",
    "truncate",
    "copy_file_range",
    "fsync",
    "fdatasync",
    "getdents64",
    "fstat",
    "newfstatat",
    "fstatfs",
    "readlinkat",
    "mkdirat",
    "mknodat",
    "symlinkat",
    "linkat",
    "unlinkat",
    "renameat",
    "renameat2",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchown",
    "fchownat",
    "utimensat",
    "getxattr",
    "listxattr",
    "setxattr",
    "fsetxattr",
    "removexattr",
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "futex",
    "set_robust_list",
    "rseq",
    "sched_yield",
    "clock_gettime",
    "getpid",
    "gettid",
    "tgkill",
    "rt_sigprocmask",
    "rt_sigtimedwait",
    "rt_sigreturn",
    "restart_syscall",
    "umount2",
    "exit",
    "exit_group",
};

}  // namespace

void limit_overlay_capabilities() {
    static const sys::CapSet wanted =
        sys::capability_set({"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
                             "CAP_FSETID", "CAP_MKNOD", "CAP_SETFCAP", "CAP_SYS_ADMIN"});
    const sys::CapSet kept = sys::current_capabilities().permitted & wanted;
    sys::set_capabilities({.effective = kept, .permitted = kept});
}

void limit_overlay_calls() {
    sys::SeccompBuilder builder(SECCOMP_RET_ERRNO | EPERM);
    for (const char* name : kAllowedCalls) builder.add_rule(SECCOMP_RET_ALLOW, name);
    using Compare = sys::SeccompCompare;
    builder.add_rule(SECCOMP_RET_ALLOW, "ioctl", {{.index = 1, .op = Compare::Op::eq, .value = FICLONE}});
    builder.allow_sanitizers();
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
    sys::load_seccomp(builder.compile(), SECCOMP_FILTER_FLAG_TSYNC);
}

}  // namespace rpod::overlay
