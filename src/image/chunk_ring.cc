// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/chunk_ring.hh"

#include <algorithm>

namespace rpod::image {

ChunkRing::ChunkRing(size_t consumers, size_t chunks, size_t chunk_size)
    : chunk_size_(chunk_size), chunks_(chunks), positions_(consumers), holds_(consumers) {
    for (auto& chunk : chunks_) chunk.bytes = std::make_unique_for_overwrite<char[]>(chunk_size);
}

std::span<char> ChunkRing::acquire() {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [&] {
        return aborted_ ||
               published_ - *std::min_element(positions_.begin(), positions_.end()) < chunks_.size();
    });
    if (aborted_) return {};
    return {chunks_[published_ % chunks_.size()].bytes.get(), chunk_size_};
}

void ChunkRing::publish(size_t size) {
    const std::lock_guard lock(mutex_);
    chunks_[published_ % chunks_.size()].used = size;
    ++published_;
    filled_.notify_all();
}

void ChunkRing::end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    filled_.notify_all();
}

std::span<const char> ChunkRing::next(size_t consumer) {
    std::unique_lock lock(mutex_);
    if (holds_[consumer]) {
        holds_[consumer] = false;
        ++positions_[consumer];
        freed_.notify_one();
    }
    filled_.wait(lock, [&] { return aborted_ || ended_ || positions_[consumer] < published_; });
    if (aborted_ || positions_[consumer] == published_) return {};
    holds_[consumer] = true;
    const Chunk& chunk = chunks_[positions_[consumer] % chunks_.size()];
    return {chunk.bytes.get(), chunk.used};
}

void ChunkRing::abort() {
    const std::lock_guard lock(mutex_);
    aborted_ = true;
    freed_.notify_all();
    filled_.notify_all();
}

}  // namespace rpod::image
