// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/layer.hh"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.hh"
#include "image/chunk_ring.hh"
#include "image/hole_writer.hh"
#include "image/sha256.hh"

// How a layer is written. The calling thread reads the source and decompresses into the buffers of a ring.
// One thread hashes them; one writes them to the file and scans them, which costs next to nothing as it only
// looks at headers. Compressed bytes are hashed by the calling thread, and only where somebody knows what
// their digest should be.

namespace rpod::image {
namespace {

// A buffer, and all that is in flight of one layer (2 MiB), should stay in the CPU's caches.
constexpr size_t kChunkSize = 256 << 10;
constexpr size_t kChunks = 8;

/// Counts and, on request, hashes what is read from another source.
class MeteredSource : public ByteSource {
  public:
    MeteredSource(ByteSource& source, std::optional<uint64_t> expected_size, bool hashed)
        : source_(source), expected_size_(expected_size) {
        if (hashed) hash_.emplace();
    }

    size_t read(std::span<char> into) override {
        const size_t n = source_.read(into);
        size_ += n;
        if (expected_size_ && size_ > *expected_size_) {
            throw Error("the layer is larger than the {} bytes that were announced", *expected_size_);
        }
        if (hash_) hash_->update(into.first(n));
        return n;
    }
    uint64_t size() const { return size_; }
    std::optional<oci::Digest> digest() { return hash_ ? std::optional(hash_->finish()) : std::nullopt; }

  private:
    ByteSource& source_;
    std::optional<uint64_t> expected_size_;
    std::optional<Sha256> hash_;
    uint64_t size_ = 0;
};

/// What the scanner reads: the chunks of the ring, which are written to the file as they come.
class WrittenChunks : public ByteSource {
  public:
    WrittenChunks(ChunkRing& ring, size_t consumer, HoleWriter& writer)
        : ring_(ring), consumer_(consumer), writer_(writer) {}

    size_t read(std::span<char> into) override {
        if (!refill()) return 0;
        const size_t n = std::min(into.size(), rest_.size());
        std::memcpy(into.data(), rest_.data(), n);
        rest_ = rest_.subspan(n);
        return n;
    }

    uint64_t skip(uint64_t n) override {
        uint64_t done = 0;
        while (done < n && refill()) {
            const size_t step = std::min<uint64_t>(n - done, rest_.size());
            rest_ = rest_.subspan(step);
            done += step;
        }
        return done;
    }

  private:
    bool refill() {
        if (!rest_.empty()) return true;
        rest_ = ring_.next(consumer_);
        if (!rest_.empty()) writer_.write(rest_);
        return !rest_.empty();
    }

    ChunkRing& ring_;
    size_t consumer_;
    HoleWriter& writer_;
    std::span<const char> rest_;
};

/// The threads that consume a ring. The first failure stops everybody and is the one that is reported.
class Consumers {
  public:
    explicit Consumers(ChunkRing& ring) : ring_(ring) {}
    /// Where finish() was not reached, the threads would wait for ever.
    ~Consumers() { ring_.abort(); }

    void start(std::function<void()> body) {
        threads_.emplace_back([this, body = std::move(body)] { guard(body); });
    }
    /// Runs the producer's part here, then waits for all. @throws what the first of them threw
    void finish(const std::function<void()>& producer) {
        guard(producer);
        ring_.end();
        threads_.clear();
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    void guard(const std::function<void()>& body) noexcept {
        try {
            body();
        } catch (...) {
            {
                const std::lock_guard lock(mutex_);
                if (!failure_) failure_ = std::current_exception();
            }
            ring_.abort();
        }
    }

    ChunkRing& ring_;
    std::mutex mutex_;
    std::exception_ptr failure_;
    std::vector<std::jthread> threads_;
};

/// Fills the ring from `source` until it ends or a consumer has failed.
void produce(ByteSource& source, ChunkRing& ring, uint64_t max_size) {
    uint64_t total = 0;
    for (;;) {
        const std::span<char> chunk = ring.acquire();
        if (chunk.empty()) return;
        const size_t n = read_fully(source, chunk);
        total += n;
        if (total > max_size) throw Error("the layer is larger than the {} bytes allowed", max_size);
        if (n > 0) ring.publish(n);
        if (n < chunk.size()) return;
    }
}

void verify(std::string_view what, const std::optional<oci::Digest>& expected, const oci::Digest& found) {
    if (expected && *expected != found) {
        throw Error("the {} of the layer is {} and should be {}", what, found.str(), expected->str());
    }
}

/// A source that is read in small pieces from a file, between which it is skipped.
class BufferedSource : public ByteSource {
  public:
    explicit BufferedSource(ByteSource& source) : source_(source) {}

    size_t read(std::span<char> into) override {
        if (begin_ == end_) {
            begin_ = 0;
            end_ = source_.read(buffer_);
        }
        const size_t n = std::min(into.size(), end_ - begin_);
        std::memcpy(into.data(), buffer_.data() + begin_, n);
        begin_ += n;
        return n;
    }

    uint64_t skip(uint64_t n) override {
        const size_t buffered = std::min<uint64_t>(n, end_ - begin_);
        begin_ += buffered;
        return buffered + (n > buffered ? source_.skip(n - buffered) : 0);
    }

  private:
    ByteSource& source_;
    std::array<char, 8192> buffer_{};  // the headers of a few small files
    size_t begin_ = 0;
    size_t end_ = 0;
};

}  // namespace

WrittenLayer write_layer(ByteSource& source, int fd, const LayerExpectation& expected) {
    PeekSource start(source);
    const Compression compression = detect_compression(start.start());
    MeteredSource metered(start, expected.size, compression != Compression::none && expected.digest);
    const auto decompressed = open_decompressor(metered, compression);

    ChunkRing ring(2, kChunks, kChunkSize);
    HoleWriter writer(fd, "the layer", compression == Compression::none ? expected.size : std::nullopt);
    WrittenChunks written(ring, 0, writer);
    Sha256 hash;
    overlay::LayerScan scan;
    Consumers consumers(ring);
    consumers.start([&] {
        scan = scan_tar(written, expected.limits);
        writer.finish();
    });
    consumers.start([&] {
        for (auto chunk = ring.next(1); !chunk.empty(); chunk = ring.next(1)) hash.update(chunk);
    });
    consumers.finish([&] { produce(*decompressed, ring, expected.max_size); });

    const oci::Digest diff_id = hash.finish();
    const std::optional<oci::Digest> source_digest =
        compression == Compression::none ? diff_id : metered.digest();
    if (expected.size && metered.size() != *expected.size) {
        throw Error("the layer has {} bytes instead of the {} that were announced", metered.size(),
                    *expected.size);
    }
    if (source_digest) verify("digest", expected.digest, *source_digest);
    verify("diff ID", expected.diff_id, diff_id);
    return {.diff_id = diff_id,
            .size = writer.size(),
            .compression = compression,
            .source_digest = source_digest,
            .source_size = metered.size(),
            .scan = std::move(scan)};
}

overlay::LayerScan scan_layer_file(int fd, const std::string& what, TarLimits limits) {
    FileSource file(fd, what);
    BufferedSource buffered(file);
    return in_context([&] { return scan_tar(buffered, limits); }, "scan {}", what);
}

}  // namespace rpod::image
