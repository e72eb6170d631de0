// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/decoder.hh"
#include "image/inflate.hh"

namespace rpod::image {
namespace {

/// The members of a gzip file (RFC 1952): header, deflate stream, CRC-32 and size.
class GzipDecoder : public Decoder {
  public:
    GzipDecoder(ByteSource& source, uint64_t max_output) : Decoder(source, "gzip", max_output) {}

  private:
    enum class Part { fixed_header, extra_size, extra, name, comment, header_crc, body, trailer };
    // Bits of the flags, in the order in which the parts that they announce follow.
    enum : uint8_t { kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xe0 };

    Step step(std::span<const char> in, std::span<char> out, bool) override {
        if (part_ == Part::body) return inflate(in, out);
        // A wrapper is a few bytes a member: one at a time is fast enough.
        size_t used = 0;
        while (used < in.size() && part_ != Part::body) {
            const auto byte = static_cast<uint8_t>(in[used++]);
            if (part_ < Part::header_crc) header_crc_ = Inflater::crc32(header_crc_, in.subspan(used - 1, 1));
            if (take(byte)) return {.consumed = static_cast<ptrdiff_t>(used), .ended = true};
        }
        return {.consumed = static_cast<ptrdiff_t>(used)};
    }

    Step inflate(std::span<const char> in, std::span<char> out) {
        const Inflater::Step done = inflater_.step(in, out);
        crc_ = Inflater::crc32(crc_, out.first(done.produced));
        size_ += static_cast<uint32_t>(done.produced);
        if (!done.ended) return {.consumed = done.consumed, .produced = done.produced};
        enter(Part::trailer);
        // What was consumed may just make up for what is given back.
        return {.consumed = done.consumed, .produced = done.produced, .advanced = true};
    }

    void enter(Part part) {
        part_ = part;
        count_ = 0;
        value_ = 0;
    }

    /// The next part that the flags announce, after `part`.
    void enter_next(Part part) {
        if (part < Part::extra_size && (flags_ & kExtra)) return enter(Part::extra_size);
        if (part < Part::name && (flags_ & kName)) return enter(Part::name);
        if (part < Part::comment && (flags_ & kComment)) return enter(Part::comment);
        if (part < Part::header_crc && (flags_ & kHeaderCrc)) return enter(Part::header_crc);
        enter(Part::body);
        inflater_.reset();
        crc_ = size_ = 0;
    }

    /// Little-endian; true when `bytes` of them are there.
    bool gather(uint8_t byte, int bytes) {
        value_ |= uint64_t{byte} << 8 * count_;
        return ++count_ == bytes;
    }

    /// One byte of the wrapper; true at the end of a member.
    bool take(uint8_t byte) {
        switch (part_) {
            case Part::fixed_header:
                take_fixed_header(byte);
                break;
            case Part::extra_size:
                if (!gather(byte, 2)) break;
                extra_left_ = static_cast<uint32_t>(value_);
                extra_left_ > 0 ? enter(Part::extra) : enter_next(Part::extra);
                break;
            case Part::extra:
                if (--extra_left_ == 0) enter_next(Part::extra);
                break;
            case Part::name:
            case Part::comment:
                if (byte == 0) enter_next(part_);
                break;
            case Part::header_crc:
                if (!gather(byte, 2)) break;
                if (value_ != (header_crc_ & 0xffff)) fail("the checksum of a header is wrong");
                enter_next(Part::header_crc);
                break;
            case Part::trailer:
                if (!gather(byte, 8)) break;
                if (value_ != (crc_ | uint64_t{size_} << 32)) fail("the checksum of the data is wrong");
                enter(Part::fixed_header);
                header_crc_ = 0;
                return true;
            case Part::body:
                break;
        }
        return false;
    }

    void take_fixed_header(uint8_t byte) {
        static constexpr uint8_t magic[] = {0x1f, 0x8b, 8 /* deflate */};
        if (count_ < 3 && byte != magic[count_]) fail("something else than gzip data in it");
        if (count_ == 3) flags_ = byte;
        if (count_ == 3 && (flags_ & kReserved)) fail("a header with unknown flags");
        if (++count_ == 10) enter_next(Part::fixed_header);
    }

    Inflater inflater_;
    Part part_ = Part::fixed_header;
    int count_ = 0;
    uint64_t value_ = 0;
    uint8_t flags_ = 0;
    uint32_t extra_left_ = 0;
    uint32_t header_crc_ = 0;
    uint32_t crc_ = 0;
    uint32_t size_ = 0;
};

}  // namespace

std::unique_ptr<Decoder> make_gzip_decoder(ByteSource& source, uint64_t max_output) {
    return std::make_unique<GzipDecoder>(source, max_output);
}

}  // namespace rpod::image
