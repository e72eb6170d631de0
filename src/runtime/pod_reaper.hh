// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

namespace rpod::runtime {

/// Becomes PID 1 of a pod's PID namespace for good: the stub, which reaps what the members leave behind. Its
/// root is an empty directory and it has no capability, since the members see it and may reach into it
/// (/proc/1/root).
/// @throws Error
[[noreturn]] void become_reaper(int stub);

}  // namespace rpod::runtime
