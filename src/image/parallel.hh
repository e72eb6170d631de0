// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <functional>

namespace rpod::image {

/// Runs task(0…n-1) in a few threads, of which the caller's is one, and returns when all have ended; after
/// the first failure no further task is begun. @throws that failure
void run_parallel(size_t n, const std::function<void(size_t)>& task);

}  // namespace rpod::image
