// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Whatever a scan accepts is what the index builder may rely on: clean names, numbers in their ranges,
// extents in order and inside of the file and the blob.
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.hh"
#include "image/tar_reader.hh"

namespace {

using namespace rpod;

void require(bool holds) {
    if (!holds) std::abort();
}

void check(const overlay::LayerEntry& entry, uint64_t blob_size) {
    require(image::clean_member_path(entry.path) == entry.path);
    require(!entry.path.empty() || entry.type == overlay::EntryType::directory);
    if (entry.type == overlay::EntryType::hardlink)
        require(image::clean_member_path(entry.target) == entry.target);
    require(entry.mode <= 07777 && entry.mtime_ns < 1'000'000'000);
    require(entry.uid != UINT32_MAX && entry.gid != UINT32_MAX);
    require(entry.type == overlay::EntryType::regular || (entry.size == 0 && entry.extents.empty()));
    uint64_t end = 0;
    for (const auto& extent : entry.extents) {
        require(extent.length > 0 && extent.file_offset >= end);
        end = extent.file_offset + extent.length;
        require(end > extent.file_offset && end <= entry.size);
        require(extent.blob_offset <= blob_size && extent.length <= blob_size - extent.blob_offset);
    }
}

/// Reads contents through read(), which has to agree with the sizes, as far as holes allow in reasonable
/// time.
void read_contents(std::string_view archive) {
    image::MemorySource source(archive);
    image::TarReader reader(source);
    char buffer[100];
    while (const auto entry = reader.next()) {
        uint64_t size = 0;
        while (size < 1 << 16) {
            const size_t n = reader.read(buffer);
            if (n == 0) break;
            size += n;
        }
        require(size == entry->size || (size >= 1 << 16 && entry->size > size));
    }
    require(reader.finish() == archive.size());
}

/// Corrects the checksum of every block that calls itself a header: no mutation would come past it.
std::string with_checksums(std::string_view input) {
    std::string archive(input);
    for (size_t at = 0; at + 512 <= archive.size(); at += 512) {
        if (archive.compare(at + 257, 5, "ustar") != 0) continue;
        archive.replace(at + 148, 8, "        ");
        unsigned sum = 0;
        for (size_t i = 0; i < 512; ++i) sum += static_cast<uint8_t>(archive[at + i]);
        for (size_t i = 0; i < 6; ++i) archive[at + 153 - i] = static_cast<char>('0' + (sum >> 3 * i & 7));
    }
    return archive;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string archive = with_checksums({reinterpret_cast<const char*>(data), size});
    try {
        image::MemorySource source(archive);
        const auto scan = image::scan_tar(source);
        require(scan.blob_size == size);
        for (const auto& entry : scan.entries) check(entry, scan.blob_size);
    } catch (const rpod::Error&) {
        return 0;
    }
    read_contents(archive);  // accepted once is accepted again
    return 0;
}
