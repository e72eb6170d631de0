// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/seccomp.hh"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hh"
#include "base/log.hh"
#include "sys/fd.hh"

#if defined(__SANITIZE_ADDRESS__)
#define RPOD_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RPOD_SANITIZED 1
#endif
#endif

namespace rpod::sys {
namespace {

static_assert(SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW && SCMP_ACT_ERRNO(1) == (SECCOMP_RET_ERRNO | 1) &&
              SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS &&
              SCMP_ACT_TRACE(1) == (SECCOMP_RET_TRACE | 1));

/// libseccomp returns negative errno values. @throws SysError
template <class... A>
void check_scmp(int rc, fmt::format_string<A...> f, A&&... a) {
    if (rc < 0) throw SysError(-rc, f, std::forward<A>(a)...);
}

scmp_compare to_scmp(SeccompCompare::Op op) {
    using Op = SeccompCompare::Op;
    switch (op) {
        case Op::ne:
            return SCMP_CMP_NE;
        case Op::lt:
            return SCMP_CMP_LT;
        case Op::le:
            return SCMP_CMP_LE;
        case Op::eq:
            return SCMP_CMP_EQ;
        case Op::ge:
            return SCMP_CMP_GE;
        case Op::gt:
            return SCMP_CMP_GT;
        case Op::masked_eq:
            return SCMP_CMP_MASKED_EQ;
    }
    throw Error("seccomp: bad comparison");
}

}  // namespace

void load_seccomp(const BpfProgram& program, unsigned flags) {
    if (program.empty() || program.size() > BPF_MAXINSNS) {
        throw Error("load the seccomp filter: {} instructions, where 1 to {} are possible", program.size(),
                    BPF_MAXINSNS);
    }
    const sock_fprog fprog{.len = static_cast<unsigned short>(program.size()),
                           .filter = const_cast<sock_filter*>(program.data())};
    const long rc =
        check(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &fprog), "load the seccomp filter");
    // TSYNC only: the thread that could not take it.
    if (rc > 0) throw Error("load the seccomp filter: thread {} has another one", rc);
}

void allow_only_syscalls(std::span<const char* const> names) {
    SeccompBuilder builder(SCMP_ACT_ERRNO(EPERM));
    for (const char* name : names) {
        if (!builder.add_rule(SCMP_ACT_ALLOW, name))
            throw Error("seccomp: there is no system call '{}'", name);
    }
    builder.allow_sanitizers();
    check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
    load_seccomp(builder.compile(), SECCOMP_FILTER_FLAG_TSYNC);
}

SeccompBuilder::SeccompBuilder(uint32_t default_action)
    : context_(::seccomp_init(default_action)), default_action_(default_action) {
    if (!context_) throw Error("seccomp: bad default action {:#x}", default_action);
    // A binary tree instead of a list: fewer steps for each system call, and the kernel, which runs the
    // program once for each of them when it loads it (to learn which are always allowed), loads it sooner.
    // From libseccomp 2.5.
    (void)::seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

SeccompBuilder::~SeccompBuilder() { ::seccomp_release(context_); }

void SeccompBuilder::add_architecture(const std::string& name) {
    const uint32_t token = ::seccomp_arch_resolve_name(name.c_str());
    if (token == 0) throw Error("seccomp: there is no architecture '{}'", name);
    const int rc = ::seccomp_arch_add(context_, token);
    if (rc != -EEXIST) check_scmp(rc, "seccomp: add architecture '{}'", name);
}

bool SeccompBuilder::add_rule(uint32_t action, const std::string& syscall,
                              const std::vector<SeccompCompare>& compares) {
    const int number = ::seccomp_syscall_resolve_name(syscall.c_str());
    if (number == __NR_SCMP_ERROR) return false;
    if (action == default_action_) return true;
    std::vector<scmp_arg_cmp> args;
    args.reserve(compares.size());
    for (const auto& c : compares) {
        args.push_back({.arg = c.index, .op = to_scmp(c.op), .datum_a = c.value, .datum_b = c.value_two});
    }
    const int rc =
        ::seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(args.size()), args.data());
    if (rc == -EEXIST) {
        log::debug("seccomp: a second rule for '{}' contradicts the first and is left out", syscall);
        return true;
    }
    check_scmp(rc, "seccomp: add a rule for '{}'", syscall);
    return true;
}

void SeccompBuilder::allow_sanitizers() {
#ifdef RPOD_SANITIZED
    for (const char* name : {"munmap", "madvise", "sigaltstack", "futex", "getpid", "gettid", "sched_yield",
                             "sched_getaffinity", "rt_sigaction", "pipe", "pipe2", "close"}) {
        add_rule(SECCOMP_RET_ALLOW, name);
    }
    const SeccompCompare not_executable{.index = 2, .op = SeccompCompare::Op::masked_eq, .value = PROT_EXEC};
    for (const char* name : {"mmap", "mprotect"}) add_rule(SECCOMP_RET_ALLOW, name, {not_executable});
#endif
}

BpfProgram SeccompBuilder::compile() const {
    const Fd file(check(::memfd_create("rpod-seccomp", MFD_CLOEXEC), "create a memory file"));
    check_scmp(::seccomp_export_bpf(context_, file.get()), "seccomp: make the filter");
    struct stat st {};
    check(::fstat(file.get(), &st), "stat the seccomp filter");
    BpfProgram program(static_cast<size_t>(st.st_size) / sizeof(sock_filter));
    const auto bytes = program.size() * sizeof(sock_filter);
    const auto n = check(::pread(file.get(), program.data(), bytes, 0), "read the seccomp filter");
    if (static_cast<size_t>(n) != bytes) throw Error("read the seccomp filter: it is cut short");
    return program;
}

std::string libseccomp_version() {
    const auto* v = ::seccomp_version();
    return fmt::format("{}.{}.{}", v->major, v->minor, v->micro);
}

std::string seccomp_native_architecture() {
    switch (::seccomp_arch_native()) {
        case SCMP_ARCH_X86_64:
            return "x86_64";
        case SCMP_ARCH_AARCH64:
            return "aarch64";
        case SCMP_ARCH_RISCV64:
            return "riscv64";
        case SCMP_ARCH_X86:
            return "x86";
        case SCMP_ARCH_ARM:
            return "arm";
        case SCMP_ARCH_PPC64LE:
            return "ppc64le";
        case SCMP_ARCH_S390X:
            return "s390x";
        default:
            return "unknown";
    }
}

}  // namespace rpod::sys
