// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/parallel.hh"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace rpod::image {
namespace {

/// Each layer keeps about two processors busy (one decompresses, one hashes).
size_t worker_count(size_t tasks) {
    const size_t processors = std::max(1U, std::thread::hardware_concurrency());
    return std::min(tasks, std::max<size_t>(2, processors / 2));
}

}  // namespace

void run_parallel(size_t n, const std::function<void(size_t)>& task) {
    std::atomic<size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr failure;
    const auto work = [&] {
        for (size_t i = next++; i < n; i = next++) {
            try {
                task(i);
            } catch (...) {
                const std::lock_guard guard(mutex);
                if (!failure) failure = std::current_exception();
                next = n;
            }
        }
    };
    {
        std::vector<std::jthread> threads;
        for (size_t i = 1; i < worker_count(n); ++i) threads.emplace_back(work);
        work();
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace rpod::image
