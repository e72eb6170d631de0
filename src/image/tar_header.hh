// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rpod::image {

constexpr size_t kTarBlock = 512;

/// A field of a tar header: where it lies in the block.
struct TarField {
    size_t offset;
    size_t size;
};

/// One 512-byte header of a tar archive, decoded on demand: what an extended header replaces goes unseen.
class TarHeader {
  public:
    using Block = std::array<char, kTarBlock>;

    explicit TarHeader(const Block& block);

    /// A block of zeros, as at the end of an archive.
    static bool is_zero(const Block& block);
    /// Whether the checksum fits; both the unsigned sum of POSIX and the signed one of old implementations
    /// do.
    static bool has_valid_checksum(const Block& block);

    char type() const { return block_[156]; }
    /// The old GNU format, whose atime, ctime and sparse map lie where ustar has the prefix of the name.
    bool is_gnu() const { return format_ == Format::gnu; }
    std::string name() const;  ///< with the prefix
    std::string link() const { return text({157, 100}); }

    /// Numbers. @throws Error that names the field
    uint32_t mode() const;
    int64_t uid() const { return number({108, 8}, "uid"); }
    int64_t gid() const { return number({116, 8}, "gid"); }
    int64_t size() const { return number({124, 12}, "size"); }
    int64_t mtime() const { return number({136, 12}, "mtime"); }
    int64_t dev_major() const { return has_devices() ? number({329, 8}, "device major") : 0; }
    int64_t dev_minor() const { return has_devices() ? number({337, 8}, "device minor") : 0; }

    const Block& block() const { return block_; }

  private:
    enum class Format { v7, ustar, star, gnu };
    Format find_format() const;
    bool has_devices() const { return format_ != Format::v7; }
    std::string text(TarField field) const;
    std::string prefix() const;
    int64_t number(TarField field, std::string_view what) const;

    Block block_;
    Format format_;
};

/// A number of a tar header: octal text, or base-256 (GNU) where the first bit is set. @throws Error that
/// names it
int64_t parse_tar_number(std::span<const char> field, std::string_view what);

}  // namespace rpod::image
