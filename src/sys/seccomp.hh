// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <span>

/// seccomp(2), through libseccomp.
namespace rpod::sys {

/// From here on all threads of this process may make only the named system calls; others fail with EPERM. A
/// name that this machine's architecture does not have is passed over. Sets no_new_privs. @throws Error
void allow_only_syscalls(std::span<const char* const> names);

}  // namespace rpod::sys
