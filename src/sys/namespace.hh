// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "sys/fd.hh"

namespace rpod::sys {

/// unshare(2) with CLONE_NEW* flags. @throws SysError "create the user, mount namespace"
void unshare_namespaces(int flags);
/// setns(2) with one CLONE_NEW* flag. @throws SysError "join the network namespace"
void join_namespace(int fd, int flag);
/// "user", "network"; several as "user, mount".
std::string namespace_names(int flags);
/// The file name in /proc/PID/ns: "user", "net", "mnt".
const char* namespace_file(int flag);
/// The namespace of a process. @throws SysError
Fd open_namespace(pid_t pid, int flag);
/// The user namespace that owns a namespace (ioctl_ns(2)), which must be ours or below ours.
Fd owning_user_namespace(int fd);

/// Makes a new time namespace and goes into it. Its clocks differ from ours by the offsets, which nobody can
/// change any more: "CLOCK SECONDS NANOSECONDS" lines (time_namespaces(7)).
/// @throws SysError
void enter_new_time_namespace(const std::string& offsets);

struct Cloned {
    pid_t pid = -1;  ///< in the caller's PID namespace
    Fd pidfd;
};
/// clone3(2): a child in new namespaces, all of them owned by the new user namespace where CLONE_NEWUSER is
/// among the flags. The child runs fn and ends with its result; what fn throws ends it with 125 after a log
/// line. Shares nothing else with us.
Cloned clone_child(uint64_t flags, const char* role, const std::function<int()>& fn);

/// The pid of a process as the procfs at /proc counts it, told by the fdinfo of its pidfd: what
/// /proc/PID/uid_map needs when the caller's own PID namespace is not that of /proc.
pid_t pid_in_proc(int pidfd);

}  // namespace rpod::sys
