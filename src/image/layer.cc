// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/layer.hh"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "base/error.hh"
#include "image/chunk_ring.hh"
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
// Shorter runs of zeros are written: holes cost the file system an extent.
constexpr size_t kHoleSize = 64 << 10;

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

bool is_zero(std::span<const char> bytes) {
    return bytes[0] == '\0' && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

/// Writes a file front to back and leaves holes where long runs of zeros are.
class HoleWriter {
  public:
    /// @param total  how many bytes are expected, where that is known
    HoleWriter(int fd, std::optional<uint64_t> total) : fd_(fd), total_(total) {}

    void write(std::span<const char> bytes) {
        size_t pending = 0;  // from the front of bytes, to be written
        for (size_t at = 0; at < bytes.size(); at += kHoleSize) {
            const auto piece = bytes.subspan(at, std::min(kHoleSize, bytes.size() - at));
            if (piece.size() < kHoleSize || !is_zero(piece)) {
                pending += piece.size();
                continue;
            }
            write_run(bytes.subspan(at - pending, pending));
            pending = 0;
            offset_ += piece.size();
        }
        write_run(bytes.subspan(bytes.size() - pending));
    }

    void finish() {
        if (::ftruncate(fd_, static_cast<off_t>(offset_)) < 0) fail(errno);
    }
    uint64_t size() const { return offset_; }

  private:
    void write_run(std::span<const char> run) {
        while (!run.empty()) {
            const ssize_t n = ::pwrite(fd_, run.data(), run.size(), static_cast<off_t>(offset_));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) fail(errno);
            offset_ += static_cast<size_t>(n);
            run = run.subspan(static_cast<size_t>(n));
        }
    }

    [[noreturn]] void fail(int err) const {
        const std::string done =
            total_ ? fmt::format("{} of {} bytes", offset_, *total_) : fmt::format("{} bytes", offset_);
        struct statvfs fs {};
        if ((err == ENOSPC || err == EDQUOT) && ::fstatvfs(fd_, &fs) == 0) {
            const uint64_t free = uint64_t{fs.f_bavail} * fs.f_frsize;
            throw SysError(err, "write the layer: {} are written and {} bytes are free", done, free);
        }
        throw SysError(err, "write the layer: {} are written", done);
    }

    int fd_;
    std::optional<uint64_t> total_;
    uint64_t offset_ = 0;
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
    HoleWriter writer(fd, compression == Compression::none ? expected.size : std::nullopt);
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
