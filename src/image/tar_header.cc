// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_header.hh"

#include <algorithm>
#include <optional>

#include "base/error.hh"

namespace rpod::image {
namespace {

constexpr TarField kChecksum{148, 8};
constexpr TarField kMagic{257, 8};  // with the version

std::string_view view(const TarHeader::Block& block, TarField field) {
    return {block.data() + field.offset, field.size};
}

/// Octal digits with blanks and NULs around them, which is how all the old implementations pad; nothing at
/// all is 0.
std::optional<int64_t> parse_octal(std::string_view text) {
    constexpr std::string_view padding{" \0", 2};
    const size_t first = text.find_first_not_of(padding);
    if (first == std::string_view::npos) return 0;
    text.remove_prefix(first);
    text = text.substr(0, text.find('\0'));
    text = text.substr(0, text.find_last_not_of(' ') + 1);
    uint64_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '7' || value >> 60) return std::nullopt;
        value = value << 3 | static_cast<uint64_t>(c - '0');
    }
    return static_cast<int64_t>(value);
}

/// GNU base-256: two's complement, big-endian; the first bit marks it and the second is the sign.
std::optional<int64_t> parse_base256(std::string_view bytes) {
    const auto first = static_cast<uint8_t>(bytes[0]);
    const bool negative = (first & 0x40) != 0;
    uint64_t value = negative ? ~uint64_t{0} : 0;
    for (size_t i = 0; i < bytes.size(); ++i) {
        auto byte = static_cast<uint8_t>(bytes[i]);
        if (i == 0) byte = negative ? byte | 0x80 : byte & 0x7f;
        // What is shifted out has to be sign and nothing else, and so has the bit that becomes the sign.
        const uint64_t top = value >> 55;
        if (top != (negative ? 0x1ff : 0)) return std::nullopt;
        value = value << 8 | byte;
    }
    return static_cast<int64_t>(value);
}

/// Before 1.8 Go wrote names over 100 bytes as GNU headers with a ustar prefix. Such a header is told from a
/// real GNU one by what stands where the times belong.
bool is_time_or_empty(std::string_view field) {
    return field[0] == '\0' ||
           (static_cast<uint8_t>(field[0]) & 0x80 ? parse_base256(field) : parse_octal(field));
}

}  // namespace

int64_t parse_tar_number(std::span<const char> field, std::string_view what) {
    const std::string_view text(field.data(), field.size());
    const auto value = static_cast<uint8_t>(text[0]) & 0x80 ? parse_base256(text) : parse_octal(text);
    if (!value) throw Error("the {} in the header is not a number that fits", what);
    return *value;
}

TarHeader::TarHeader(const Block& block) : block_(block), format_(find_format()) {}

bool TarHeader::is_zero(const Block& block) {
    return std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; });
}

bool TarHeader::has_valid_checksum(const Block& block) {
    int64_t unsigned_sum = 0;
    int64_t signed_sum = 0;
    for (size_t i = 0; i < block.size(); ++i) {
        const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
        const char c = own ? ' ' : block[i];
        unsigned_sum += static_cast<uint8_t>(c);
        signed_sum += static_cast<int8_t>(c);
    }
    const auto stored = parse_octal(view(block, kChecksum));
    return stored && (*stored == unsigned_sum || *stored == signed_sum);
}

TarHeader::Format TarHeader::find_format() const {
    const std::string_view magic = view(block_, kMagic);
    if (magic == std::string_view("ustar  \0", 8)) return Format::gnu;
    if (magic.substr(0, 5) != "ustar") return Format::v7;
    return view(block_, {508, 4}) == std::string_view("tar\0", 4) ? Format::star : Format::ustar;
}

std::string TarHeader::text(TarField field) const {
    const std::string_view raw = view(block_, field);
    return std::string(raw.substr(0, raw.find('\0')));
}

std::string TarHeader::prefix() const {
    switch (format_) {
        case Format::v7:
            return {};
        case Format::ustar:
            return text({345, 155});
        case Format::star:
            return text({345, 131});
        case Format::gnu:
            break;
    }
    if (is_time_or_empty(view(block_, {345, 12})) && is_time_or_empty(view(block_, {357, 12}))) return {};
    std::string prefix = text({345, 155});
    const auto is_ascii = [](char c) { return static_cast<uint8_t>(c) < 0x80; };
    return std::all_of(prefix.begin(), prefix.end(), is_ascii) ? prefix : std::string{};
}

std::string TarHeader::name() const {
    std::string prefix = this->prefix();
    return prefix.empty() ? text({0, 100}) : prefix + '/' + text({0, 100});
}

uint32_t TarHeader::mode() const {
    // Some archives have the file type above these bits; the type flag tells it.
    return static_cast<uint32_t>(number({100, 8}, "mode")) & 07777;
}

int64_t TarHeader::number(TarField field, std::string_view what) const {
    return parse_tar_number(std::span(block_).subspan(field.offset, field.size), what);
}

}  // namespace rpod::image
