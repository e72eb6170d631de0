// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

namespace rpod::sys {

/// A new, empty session keyring in place of the user's (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING). Kernels
/// without keys, and seccomp filters that deny keyctl, leave things as they are.
void leave_session_keyring() noexcept;

}  // namespace rpod::sys
