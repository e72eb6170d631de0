// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace rpod::image {

/// Buffers that one thread fills and several consumers read: each sees all of them, in order, at its own
/// pace, and the producer waits for the slowest.
class ChunkRing {
  public:
    ChunkRing(size_t consumers, size_t chunks, size_t chunk_size);

    /// Producer: the next buffer to fill, when all consumers are done with it; empty after abort().
    std::span<char> acquire();
    /// Producer: the buffer that acquire() gave holds `size` bytes, of which consumers now learn.
    void publish(size_t size);
    /// Producer: nothing follows.
    void end();

    /// Consumer: gives back its last buffer and waits for the next; empty at the end, and after abort().
    std::span<const char> next(size_t consumer);

    /// Either side: it failed, and nobody shall wait any more.
    void abort();

  private:
    struct Chunk {
        std::unique_ptr<char[]> bytes;
        size_t used = 0;
    };
    std::mutex mutex_;
    std::condition_variable freed_;
    std::condition_variable filled_;
    size_t chunk_size_;
    std::vector<Chunk> chunks_;        ///< the n-th buffer of the stream is chunks_[n % size]
    std::vector<uint64_t> positions_;  ///< of each consumer: how many it has given back
    std::vector<bool> holds_;          ///< of each consumer: whether it reads the one at its position
    uint64_t published_ = 0;
    bool ended_ = false;
    bool aborted_ = false;
};

}  // namespace rpod::image
