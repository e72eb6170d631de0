// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/keyring.hh"

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace rpod::sys {

void leave_session_keyring() noexcept { ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr); }

}  // namespace rpod::sys
