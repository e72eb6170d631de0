// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_reader.hh"

#include <algorithm>
#include <cstring>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "image/tar_sparse.hh"

namespace rpod::image {
namespace {

using overlay::EntryType;
using overlay::LayerEntry;

constexpr uint64_t kMaxExtended = 1 << 20;   // as in Go's archive/tar
constexpr size_t kMaxPath = 4095;            // PATH_MAX without the NUL
constexpr size_t kMaxComponent = 255;        // NAME_MAX
constexpr uint64_t kMaxId = UINT32_MAX - 1;  // (uid_t)-1 means "no ID" to the kernel

uint64_t padding_of(uint64_t size) { return (kTarBlock - size % kTarBlock) % kTarBlock; }

std::string excerpt(std::string_view name) {
    constexpr size_t limit = 200;
    return name.size() <= limit ? printable(name) : printable(name.substr(0, limit)) + "…";
}

/// What the type flag means for an image. Contiguous files ('7') are files, GNU's dump directories ('D')
/// directories whose list of names is passed over; a v7 header tells a directory by the slash at the end of
/// its name.
EntryType entry_type(char flag, const std::string& name) {
    switch (flag) {
        case '\0':
            return name.ends_with('/') ? EntryType::directory : EntryType::regular;
        case '0':
        case '7':
        case 'S':
            return EntryType::regular;
        case '1':
            return EntryType::hardlink;
        case '2':
            return EntryType::symlink;
        case '3':
            return EntryType::char_device;
        case '4':
            return EntryType::block_device;
        case '5':
        case 'D':
            return EntryType::directory;
        case '6':
            return EntryType::fifo;
        case 'M':
            throw Error("it continues from another volume: multi-volume archives are not supported");
        default:
            throw Error("unsupported type '{}'", printable({&flag, 1}));
    }
}

uint32_t as_id(const std::optional<uint64_t>& pax, int64_t header, std::string_view what) {
    const uint64_t id = pax.value_or(static_cast<uint64_t>(header));
    if (id > kMaxId)
        throw Error("{} {} is out of range", what, pax ? fmt::to_string(id) : fmt::to_string(header));
    return static_cast<uint32_t>(id);
}

uint32_t as_device(const std::optional<uint64_t>& pax, int64_t header, std::string_view what) {
    const uint64_t number = pax.value_or(static_cast<uint64_t>(header));
    if (number > UINT32_MAX) throw Error("{} number is out of range", what);
    return static_cast<uint32_t>(number);
}

void check_global(const PaxRecords& records) {
    const auto& sparse = records.sparse;
    if (records.path || records.linkpath || records.size || sparse.major || sparse.name || sparse.real_size ||
        sparse.num_blocks || !sparse.map.empty()) {
        throw Error("a global pax header cannot give a name or a size");
    }
}

uint64_t memory_of(const LayerEntry& entry) {
    uint64_t bytes = sizeof entry + entry.path.size() + entry.target.size() +
                     entry.extents.size() * sizeof(overlay::Extent);
    for (const auto& [name, value] : entry.xattrs)
        bytes += sizeof entry.xattrs[0] + name.size() + value.size();
    return bytes;
}

}  // namespace

/// What the extended headers before a member say about it.
struct TarReader::Extended {
    bool any = false;
    std::optional<std::string> long_name;
    std::optional<std::string> long_link;
    PaxRecords pax;
};

std::string clean_member_path(std::string_view name) {
    std::string path;
    for (const auto component : split(name, '/')) {
        if (component.empty() || component == ".") continue;
        if (component == "..") {
            path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
            continue;
        }
        if (component.size() > kMaxComponent)
            throw Error("name with a component of {} bytes", component.size());
        if (!path.empty()) path += '/';
        path += component;
    }
    if (path.size() > kMaxPath) throw Error("name of {} bytes", path.size());
    return path;
}

std::string TarReader::where() const {
    return name_.empty() ? fmt::format("tar header at offset {}", member_offset_)
                         : fmt::format("tar member '{}' at offset {}", excerpt(name_), member_offset_);
}

/// false at the end of the source, before the first byte of a block.
bool TarReader::read_block(Block& block) {
    if (lookahead_) {
        block = *lookahead_;
        lookahead_.reset();
        return true;
    }
    const size_t got = read_fully(source_, block);
    offset_ += got;
    if (got == 0) return false;
    if (got < block.size()) throw Error("the archive is truncated: it ends at {}, inside a header", offset_);
    return true;
}

TarReader::Block TarReader::require_block() {
    Block block;
    if (!read_block(block)) throw Error("the archive is truncated: it ends at {}", offset_);
    return block;
}

std::optional<TarHeader> TarReader::read_header() {
    Block block;
    if (!read_block(block)) return std::nullopt;
    if (TarHeader::is_zero(block)) {
        if (!read_block(block) || TarHeader::is_zero(block)) return std::nullopt;
        throw Error("a single block of zeros before another header");
    }
    if (!TarHeader::has_valid_checksum(block)) {
        throw member_offset_ == 0 && name_.empty() ? Error("this is not a tar archive")
                                                   : Error("the checksum of the header is wrong");
    }
    return TarHeader(block);
}

/// The content of an extended header.
std::string TarReader::read_extended(const TarHeader& header) {
    const int64_t size = header.size();
    if (size < 0 || static_cast<uint64_t>(size) > kMaxExtended)
        throw Error("extended header of {} bytes", size);
    std::string text(static_cast<size_t>(size), '\0');
    const size_t got = read_fully(source_, text);
    offset_ += got;
    const uint64_t padding = padding_of(text.size());
    const uint64_t passed = got == text.size() ? source_.skip(padding) : 0;
    offset_ += passed;
    if (got < text.size() || passed < padding) {
        throw Error("the archive is truncated: it ends at {}, inside an extended header", offset_);
    }
    return text;
}

/// Whether the header is one that describes the next member, or none.
bool TarReader::take_extended(const TarHeader& header, Extended& extended) {
    const auto as_c_string = [](std::string text) {
        text.resize(std::min(text.size(), text.find('\0')));
        return text;
    };
    switch (header.type()) {
        case 'x':
        case 'X':  // Solaris
            extended.pax = global_;
            parse_pax(read_extended(header), extended.pax);
            if (extended.pax.path) set_name(*extended.pax.path);
            break;
        case 'g':
            parse_pax(read_extended(header), global_);
            check_global(global_);
            // A member's own records, if they came before this, hold: no program writes that order.
            if (!extended.any) extended.pax = global_;
            return true;
        case 'L':
            extended.long_name = as_c_string(read_extended(header));
            set_name(*extended.long_name);
            break;
        case 'K':
            extended.long_link = as_c_string(read_extended(header));
            break;
        case 'V':
            log::debug("tar: volume label '{}'", excerpt(header.name()));
            return true;
        default:
            return false;
    }
    extended.any = true;
    return true;
}

std::optional<LayerEntry> TarReader::next() {
    if (ended_) return std::nullopt;
    try {
        finish_member();
        member_offset_ = offset_ - (lookahead_ ? kTarBlock : 0);
        name_.clear();
        Extended extended;
        extended.pax = global_;
        while (const auto header = read_header()) {
            if (take_extended(*header, extended)) continue;
            return make_entry(*header, extended);
        }
        if (extended.any)
            throw Error("the archive is truncated: it ends at {}, after an extended header", offset_);
        ended_ = true;
        return std::nullopt;
    } catch (const SysError&) {
        throw;  // of the source, which names itself
    } catch (const Error& e) {
        throw Error("{}: {}", where(), e.what()).with_hint(e.hint());
    }
}

LayerEntry TarReader::make_entry(const TarHeader& header, Extended& extended) {
    PaxRecords& pax = extended.pax;
    std::string name = pax.path ? std::move(*pax.path) : header.name();
    if (extended.long_name) name = std::move(*extended.long_name);
    set_name(name);

    LayerEntry entry;
    entry.type = entry_type(header.type(), name);
    if (entry.type == EntryType::regular && pax.sparse.name) name = std::move(*pax.sparse.name);
    entry.path = clean_member_path(name);
    if (entry.path.empty() && entry.type != EntryType::directory) {
        throw Error("only a directory can be the root of an image");
    }
    if (entry.type == EntryType::symlink || entry.type == EntryType::hardlink) {
        entry.target = pax.linkpath ? std::move(*pax.linkpath) : header.link();
        if (extended.long_link) entry.target = std::move(*extended.long_link);
        if (entry.target.empty()) throw Error("link without a target");
        if (entry.target.size() > kMaxPath) throw Error("link target of {} bytes", entry.target.size());
        if (entry.type == EntryType::hardlink) entry.target = clean_member_path(entry.target);
    }
    set_attributes(header, pax, entry);
    set_data(header, pax, entry);
    extents_ = entry.extents;
    extent_ = 0;
    size_ = entry.size;
    position_ = 0;
    return entry;
}

void TarReader::set_attributes(const TarHeader& header, const PaxRecords& pax, LayerEntry& entry) const {
    entry.mode = header.mode();
    entry.uid = as_id(pax.uid, pax.uid ? 0 : header.uid(), "uid");
    entry.gid = as_id(pax.gid, pax.gid ? 0 : header.gid(), "gid");
    const Timestamp mtime = pax.mtime ? *pax.mtime : Timestamp{.s = header.mtime()};
    entry.mtime_s = mtime.s;
    entry.mtime_ns = mtime.ns;
    if (entry.type == EntryType::char_device || entry.type == EntryType::block_device) {
        entry.dev_major = as_device(pax.dev_major, pax.dev_major ? 0 : header.dev_major(), "device major");
        entry.dev_minor = as_device(pax.dev_minor, pax.dev_minor ? 0 : header.dev_minor(), "device minor");
    }
    entry.xattrs = pax.xattrs;
}

/// Size and extents; leaves the reader in front of the data.
void TarReader::set_data(const TarHeader& header, const PaxRecords& pax, LayerEntry& entry) {
    const int64_t stored = pax.size ? static_cast<int64_t>(*pax.size) : header.size();
    const bool has_data = entry.type == EntryType::regular || header.type() == 'D';
    if (stored < 0) throw Error("negative size");
    auto size = static_cast<uint64_t>(stored);
    if (entry.type == EntryType::hardlink && size > 0) pass_link_data(size);
    if (!has_data) return;
    // Offsets have to stay within off_t, far from where sums could wrap.
    if (size > INT64_MAX / 2 - offset_) throw Error("size {} is out of range", size);

    data_left_ = size;
    padding_ = padding_of(size);
    if (entry.type != EntryType::regular) return;
    const auto next_block = [&] {
        if (data_left_ < kTarBlock) throw Error("sparse map that is longer than the member");
        data_left_ -= kTarBlock;
        return require_block();
    };
    if (header.type() == 'S') {
        // Extension blocks are not part of the size here.
        const SparseMap map = read_gnu_sparse_map(header, [&] { return require_block(); });
        entry.size = gnu_sparse_real_size(header);
        entry.extents = sparse_extents(map, entry.size, offset_, size);
    } else if (pax.sparse.in_data()) {
        const SparseMap map = read_pax_sparse_map(next_block);
        entry.size = pax.sparse.real_size.value_or(0);
        entry.extents = sparse_extents(map, entry.size, offset_, data_left_);
    } else if (pax.sparse.in_records()) {
        entry.size = pax.sparse.real_size.value_or(0);
        entry.extents = sparse_extents(pax_sparse_map(pax.sparse), entry.size, offset_, size);
    } else {
        if (pax.sparse.major.value_or(0) > 0) throw Error("sparse file of an unknown version");
        entry.size = size;
        if (size > 0) entry.extents = {{.file_offset = 0, .blob_offset = offset_, .length = size}};
    }
}

/// A hard link of `size` bytes: most writers give the size of its file and no data. If the next block can be
/// a header, it is.
void TarReader::pass_link_data(uint64_t size) {
    Block block;
    if (!read_block(block)) return;
    if (TarHeader::is_zero(block) || TarHeader::has_valid_checksum(block)) {
        lookahead_ = block;
        return;
    }
    const uint64_t padded = size + padding_of(size);
    data_left_ = padded - kTarBlock;
    padding_ = 0;
}

size_t TarReader::read(std::span<char> into) {
    const auto end_of = [](const overlay::Extent& e) { return e.file_offset + e.length; };
    while (extent_ < extents_.size() && position_ >= end_of(extents_[extent_])) ++extent_;
    const uint64_t data_at = extent_ < extents_.size() ? extents_[extent_].file_offset : size_;
    if (position_ < data_at) {
        const size_t hole = std::min<uint64_t>(into.size(), data_at - position_);
        std::memset(into.data(), 0, hole);
        position_ += hole;
        return hole;
    }
    if (position_ >= size_) return 0;
    const uint64_t left = end_of(extents_[extent_]) - position_;
    const size_t got = source_.read(into.first(std::min<uint64_t>(into.size(), left)));
    if (got == 0) throw Error("{}: the archive is truncated: it ends at {}", where(), offset_);
    position_ += got;
    offset_ += got;
    data_left_ -= got;
    return got;
}

void TarReader::finish_member() {
    const uint64_t passed = source_.skip(data_left_);
    offset_ += passed;
    if (passed < data_left_) {
        throw Error("the archive is truncated: it ends at {}, {} bytes too early", offset_,
                    data_left_ - passed);
    }
    // The last member of an archive without an end may lack its padding.
    offset_ += source_.skip(padding_);
    data_left_ = padding_ = 0;
}

uint64_t TarReader::finish() {
    ended_ = true;
    extents_.clear();
    size_ = position_ = 0;
    offset_ += source_.skip(UINT64_MAX - offset_);
    return offset_;
}

overlay::LayerScan scan_tar(ByteSource& source, TarLimits limits) {
    TarReader reader(source);
    overlay::LayerScan scan;
    uint64_t memory = 0;
    while (auto entry = reader.next()) {
        memory += memory_of(*entry);
        if (scan.entries.size() == limits.max_entries || memory > limits.max_memory) {
            throw Error(
                "the layer has more than {} members, or their names and attributes take more than {} MiB",
                limits.max_entries, limits.max_memory >> 20);
        }
        scan.entries.push_back(std::move(*entry));
    }
    scan.blob_size = reader.finish();
    return scan;
}

}  // namespace rpod::image
