// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// seccomp(2): filters made with libseccomp, loaded by ourselves.
namespace rpod::sys {

/// A finished program; a filter is at most BPF_MAXINSNS of these.
using BpfProgram = std::vector<sock_filter>;

/// Loads the program for the calling thread and all that it becomes. Needs no_new_privs or CAP_SYS_ADMIN in
/// the thread's user namespace.
/// @param flags  SECCOMP_FILTER_FLAG_*
void load_seccomp(const BpfProgram& program, unsigned flags = 0);

/// From here on all threads of this process may make only the named system calls; others fail with EPERM. A
/// name that this machine's architecture does not have is passed over. Sets no_new_privs. @throws Error
void allow_only_syscalls(std::span<const char* const> names);

/// One comparison of a system call's argument with a constant.
struct SeccompCompare {
    enum class Op { ne, lt, le, eq, ge, gt, masked_eq };
    unsigned index = 0;  ///< 0 to 5
    Op op = Op::eq;
    uint64_t value = 0;      ///< masked_eq: the mask
    uint64_t value_two = 0;  ///< masked_eq: what the masked argument is compared with
};

/// System calls → program. Actions are SECCOMP_RET_* with their data.
class SeccompBuilder {
  public:
    /// For the architecture that rpod runs on. @throws Error
    explicit SeccompBuilder(uint32_t default_action);
    ~SeccompBuilder();
    SeccompBuilder(const SeccompBuilder&) = delete;
    SeccompBuilder& operator=(const SeccompBuilder&) = delete;

    /// One more architecture: "x86", "x32", "arm". @throws Error where libseccomp does not know it
    void add_architecture(const std::string& name);
    /// All comparisons must hold. A rule that says what the default action says is no rule; where two rules
    /// without comparisons disagree about a system call, the first one counts.
    /// @return false where libseccomp knows no system call of that name
    bool add_rule(uint32_t action, const std::string& syscall,
                  const std::vector<SeccompCompare>& compares = {});
    /// Allows what a build with sanitizers calls on its own at any moment (to map memory that is not
    /// executable, to start and end threads, to ask whether an address can be read): every filter of our own
    /// processes does. Nothing in other builds.
    void allow_sanitizers();
    BpfProgram compile() const;

  private:
    void* context_;
    uint32_t default_action_;
};

/// Of the libseccomp that runs: "2.5.4".
std::string libseccomp_version();
/// The architecture that rpod runs on, as libseccomp calls it: "x86_64".
std::string seccomp_native_architecture();

}  // namespace rpod::sys
