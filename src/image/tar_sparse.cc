// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_sparse.hh"

#include <optional>
#include <string>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::image {
namespace {

/// More runs than that are an attack on our memory; it stands for 8 GiB of file in runs and holes of 4 KiB.
constexpr size_t kMaxRuns = 1 << 20;

uint64_t sparse_number(const TarHeader::Block& block, size_t offset) {
    const int64_t value = parse_tar_number(std::span(block).subspan(offset, 12), "sparse map");
    if (value < 0) throw Error("negative number in the sparse map");
    return static_cast<uint64_t>(value);
}

void add_run(SparseMap& map, uint64_t offset, uint64_t length) {
    if (map.size() == kMaxRuns) throw Error("sparse map with more than {} runs", kMaxRuns);
    map.emplace_back(offset, length);
}

/// Runs of 24 bytes from `offset` on; the list ends early at an empty offset field.
void add_gnu_runs(const TarHeader::Block& block, size_t offset, int count, SparseMap& map) {
    for (int i = 0; i < count; ++i, offset += 24) {
        if (block[offset] == '\0') return;
        add_run(map, sparse_number(block, offset), sparse_number(block, offset + 12));
    }
}

/// Decimal numbers, one a line, from blocks that are read as the numbers need them.
class LineNumbers {
  public:
    explicit LineNumbers(const NextBlock& next_block) : next_block_(next_block) {}

    uint64_t next() {
        std::string digits;
        for (char c = next_char(); c != '\n'; c = next_char()) {
            digits += c;
            if (digits.size() > 20) break;
        }
        const auto value = parse_uint(digits, INT64_MAX);
        if (!value) throw Error("sparse map: '{}' is not a number that fits", printable(digits));
        return *value;
    }

  private:
    char next_char() {
        if (at_ == kTarBlock) {
            block_ = next_block_();
            at_ = 0;
        }
        return block_[at_++];
    }

    const NextBlock& next_block_;
    TarHeader::Block block_{};
    size_t at_ = kTarBlock;
};

}  // namespace

SparseMap read_gnu_sparse_map(const TarHeader& header, const NextBlock& next_block) {
    SparseMap map;
    add_gnu_runs(header.block(), 386, 4, map);
    bool extended = header.block()[482] != '\0';
    while (extended) {
        const TarHeader::Block block = next_block();
        add_gnu_runs(block, 0, 21, map);
        extended = block[504] != '\0';
    }
    return map;
}

uint64_t gnu_sparse_real_size(const TarHeader& header) { return sparse_number(header.block(), 483); }

SparseMap pax_sparse_map(const PaxRecords::Sparse& sparse) {
    if (sparse.map.size() % 2 != 0 || (sparse.num_blocks && *sparse.num_blocks != sparse.map.size() / 2)) {
        throw Error("sparse map with {} numbers for {} runs", sparse.map.size(),
                    sparse.num_blocks.value_or(0));
    }
    SparseMap map;
    for (size_t i = 0; i < sparse.map.size(); i += 2) add_run(map, sparse.map[i], sparse.map[i + 1]);
    return map;
}

SparseMap read_pax_sparse_map(const NextBlock& next_block) {
    LineNumbers numbers(next_block);
    SparseMap map;
    for (uint64_t left = numbers.next(); left > 0; --left) {
        const uint64_t offset = numbers.next();
        add_run(map, offset, numbers.next());
    }
    return map;
}

std::vector<overlay::Extent> sparse_extents(const SparseMap& map, uint64_t real_size, uint64_t blob_offset,
                                            uint64_t data_size) {
    std::vector<overlay::Extent> extents;
    uint64_t end = 0;
    uint64_t data = 0;
    for (const auto& [offset, length] : map) {
        // Both numbers are at most INT64_MAX: their sum does not wrap.
        if (offset < end || offset + length > real_size)
            throw Error("sparse map that is out of order or beyond the file");
        end = offset + length;
        if (length > 0)
            extents.push_back({.file_offset = offset, .blob_offset = blob_offset + data, .length = length});
        data += length;
    }
    if (data != data_size) throw Error("sparse map of {} bytes of data for a member of {}", data, data_size);
    return extents;
}

}  // namespace rpod::image
