// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "oci/runtime_spec.hh"
#include "runtime/seccomp_filter.hh"
#include "runtime/user_lookup.hh"
#include "sys/rooted_dir.hh"

/// The last steps before the payload runs, for init and for exec: who it is, what it may do, what is
/// executed.
namespace rpod::runtime {

/// What becomes of a process that is in the container already. Borrows from the plan it is made of.
struct Payload {
    const oci::Process& process;
    const SeccompFilter& seccomp;
    bool single_group = false;  ///< the user namespace maps one group only
    bool keep_groups = false;   ///< keep the caller's supplementary groups
    bool reap_as_init = false;  ///< rpod's own PID 1 reaps and forwards signals
    std::optional<oci::Personality> personality{};
    std::vector<int> preserved_fds{};  ///< the caller's, from 3 on, in ascending order: all that is passed on
    bool activated = false;            ///< they are sockets of systemd's: LISTEN_PID says for which process
};

/// The image's working directory, made and given to the user where it is missing. Links on the way stay
/// inside the root (CVE-2026-55686).
void make_working_directory(const std::string& cwd, const sys::RootedDir& root, const ContainerUser& user);

/// Limits, capabilities, IDs, umask, working directory, seccomp: in the order that the kernel demands.
/// Irrevocable.
void become_payload(const Payload& payload, const ContainerUser& user);

/// Finds the command in the container and executes it by way of the stub. @throws Error with exit code 126 or
/// 127
[[noreturn]] void execute_payload(const Payload& payload, const ContainerUser& user, int stub,
                                  int exec_report);

}  // namespace rpod::runtime
