// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>

namespace rpod::container {

/// Runs `produce` in a process of its own, which writes to a pipe (standard streams and other descriptors are
/// as here), and `consume` here, which reads from it and may use threads. The other process never outlives
/// this one.
/// @throws what consume throws, except where the pipe had come to its end because produce had failed: then
/// that
void pipe_between(const std::function<void(int out)>& produce, const std::function<void(int in)>& consume);

}  // namespace rpod::container
