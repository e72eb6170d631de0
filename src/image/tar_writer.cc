// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/tar_writer.hh"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.hh"
#include "image/tar_header.hh"

namespace rpod::image {
namespace {

using overlay::EntryType;
using overlay::LayerEntry;

constexpr size_t kBuffer = 256 << 10;

constexpr TarField kName{0, 100};
constexpr TarField kMode{100, 8};
constexpr TarField kUid{108, 8};
constexpr TarField kGid{116, 8};
constexpr TarField kSize{124, 12};
constexpr TarField kMtime{136, 12};
constexpr TarField kChecksum{148, 8};
constexpr size_t kType = 156;
constexpr TarField kLink{157, 100};
constexpr TarField kMagic{257, 8};
constexpr TarField kMajor{329, 8};
constexpr TarField kMinor{337, 8};

char type_flag(EntryType type) {
    switch (type) {
        case EntryType::regular:
            return '0';
        case EntryType::hardlink:
            return '1';
        case EntryType::symlink:
            return '2';
        case EntryType::char_device:
            return '3';
        case EntryType::block_device:
            return '4';
        case EntryType::directory:
            return '5';
        case EntryType::fifo:
            return '6';
    }
    throw Error("a tar archive has no such type of file");
}

/// "30 mtime=1700000000.5\n": the length counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
    const size_t rest = key.size() + value.size() + 3;
    size_t length = rest + std::to_string(rest).size();
    length = rest + std::to_string(length).size();
    return fmt::format("{} {}={}\n", length, key, value);
}

/// A header under construction, with the records for what does not fit into it.
class Header {
  public:
    explicit Header(char type) : block_(kTarBlock, '\0') {
        block_[kType] = type;
        put(kMagic, std::string_view("ustar\00000", 8));
    }

    /// Cut where it is too long; programs that know no pax then see the front.
    void text(TarField field, const char* key, const std::string& value) {
        if (value.size() > field.size) records_ += pax_record(key, value);
        put(field, value);
    }

    /// Octal, with a NUL behind it.
    void number(TarField field, const char* key, uint64_t value) {
        const uint64_t limit = uint64_t{1} << (3 * (field.size - 1));
        if (value >= limit) {
            records_ += pax_record(key, std::to_string(value));
            value = 0;
        }
        put(field, fmt::format("{:0{}o}", value, field.size - 1));
    }

    void time(int64_t s, uint32_t ns) {
        if (s < 0 || ns != 0) {
            records_ += pax_record("mtime", pax_time(s, ns));
            put(kMtime, fmt::format("{:011o}", std::max<int64_t>(s, 0)));
        } else {
            number(kMtime, "mtime", static_cast<uint64_t>(s));
        }
    }

    void record(std::string_view key, std::string_view value) { records_ += pax_record(key, value); }

    const std::string& records() const { return records_; }

    std::string finish() {
        put(kChecksum, "        ");
        unsigned sum = 0;
        for (const char c : block_) sum += static_cast<unsigned char>(c);
        put(kChecksum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
        return block_;
    }

  private:
    void put(TarField field, std::string_view value) {
        value = value.substr(0, field.size);
        std::copy(value.begin(), value.end(), block_.begin() + static_cast<ptrdiff_t>(field.offset));
    }

    /// A time before 1970 with a fraction counts back from the next second: -1.75 is 2 s before, plus 0.25.
    static std::string pax_time(int64_t s, uint32_t ns) {
        const bool back = s < 0 && ns != 0;
        const int64_t whole = back ? s + 1 : s;
        const uint32_t part = back ? 1'000'000'000 - ns : ns;
        std::string out = (back && whole == 0 ? "-" : "") + std::to_string(whole);
        if (part == 0) return out;
        auto digits = fmt::format("{:09}", part);
        digits.erase(digits.find_last_not_of('0') + 1);
        return out + "." + digits;
    }

    std::string block_;
    std::string records_;
};

std::string member_name(const LayerEntry& entry) {
    if (entry.path.empty()) return "./";
    return entry.type == EntryType::directory ? entry.path + "/" : entry.path;
}

Header make_header(const LayerEntry& entry) {
    Header h(type_flag(entry.type));
    h.text(kName, "path", member_name(entry));
    h.text(kLink, "linkpath", entry.target);
    h.number(kMode, "mode", entry.mode & 07777);
    h.number(kUid, "uid", entry.uid);
    h.number(kGid, "gid", entry.gid);
    h.number(kSize, "size", entry.type == EntryType::regular ? entry.size : 0);
    h.time(entry.mtime_s, entry.mtime_ns);
    h.number(kMajor, "SCHILY.devmajor", entry.dev_major);
    h.number(kMinor, "SCHILY.devminor", entry.dev_minor);
    for (const auto& [name, value] : entry.xattrs) h.record("SCHILY.xattr." + name, value);
    return h;
}

/// The header of the extended header itself; its name is for programs that know no pax.
std::string make_pax_header(const std::string& records) {
    Header h('x');
    h.text(kName, "path", "PaxHeaders/member");
    h.number(kMode, "mode", 0644);
    h.number(kUid, "uid", 0);
    h.number(kGid, "gid", 0);
    h.number(kSize, "size", records.size());
    h.time(0, 0);
    h.number(kMajor, "SCHILY.devmajor", 0);
    h.number(kMinor, "SCHILY.devminor", 0);
    return h.finish();
}

}  // namespace

void TarWriter::write_headers(const LayerEntry& entry) {
    auto header = make_header(entry);
    put_headers(header.records(), header.finish());
}

void TarWriter::add_hole(const LayerEntry& entry) {
    auto without_data = entry;
    without_data.size = 0;
    auto header = make_header(without_data);
    header.record("GNU.sparse.size", std::to_string(entry.size));
    header.record("GNU.sparse.numblocks", "0");
    put_headers(header.records(), header.finish());
}

void TarWriter::add(const LayerEntry& entry, ByteSource* content) {
    write_headers(entry);
    if (entry.type == EntryType::regular) write_content(entry.size, content);
}

void TarWriter::add_copied(const LayerEntry& entry, const std::function<void()>& copy) {
    write_headers(entry);
    flush();
    copy();
    pad(entry.size);
}

void TarWriter::finish() {
    write(std::string(2 * kTarBlock, '\0'));
    flush();
}

void TarWriter::put_headers(const std::string& records, const std::string& header) {
    if (!records.empty()) write_member(make_pax_header(records), records);
    write(header);
}

void TarWriter::write(std::string_view bytes) {
    buffer_ += bytes;
    if (buffer_.size() >= kBuffer) flush();
}

void TarWriter::flush() {
    output_(buffer_);
    buffer_.clear();
}

void TarWriter::write_member(const std::string& header, std::string_view data) {
    write(header);
    write(data);
    pad(data.size());
}

void TarWriter::write_content(uint64_t size, ByteSource* content) {
    std::vector<char> chunk(std::min<uint64_t>(size, kBuffer));
    for (uint64_t left = size; left > 0;) {
        const auto want = static_cast<size_t>(std::min<uint64_t>(left, chunk.size()));
        const size_t got = content ? read_fully(*content, std::span(chunk).first(want)) : 0;
        std::fill(chunk.begin() + static_cast<ptrdiff_t>(got), chunk.begin() + static_cast<ptrdiff_t>(want),
                  '\0');
        write({chunk.data(), want});
        left -= want;
    }
    pad(size);
}

void TarWriter::pad(uint64_t size) {
    const auto rest = static_cast<size_t>(size % kTarBlock);
    if (rest != 0) write(std::string(kTarBlock - rest, '\0'));
}

}  // namespace rpod::image
