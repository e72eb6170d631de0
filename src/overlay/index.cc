// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/index.hh"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.hh"
#include "overlay/index_check.hh"

namespace rpod::overlay {

uint64_t index_checksum(const void* data, size_t size) noexcept {
    constexpr uint64_t kPrime = 0x9e3779b97f4a7c15;
    const auto mix = [](uint64_t lane, uint64_t word) { return std::rotl((lane ^ word) * kPrime, 29); };
    const auto* p = static_cast<const unsigned char*>(data);
    uint64_t lanes[4] = {1, 2, 3, 4};
    uint64_t words[4];
    size_t left = size;
    for (; left >= sizeof words; left -= sizeof words, p += sizeof words) {
        std::memcpy(words, p, sizeof words);
        for (int i = 0; i < 4; ++i) lanes[i] = mix(lanes[i], words[i]);
    }
    std::memset(words, 0, sizeof words);
    std::memcpy(words, p, left);
    uint64_t sum = size;
    for (int i = 0; i < 4; ++i) sum = mix(sum, mix(lanes[i], words[i]));
    return sum ^ (sum >> 32);
}

Index Index::open(int fd) {
    struct stat st {};
    check(::fstat(fd, &st), "stat the chain index");
    if (!S_ISREG(st.st_mode)) throw Error("chain index: not a regular file");
    const auto size = static_cast<size_t>(st.st_size);
    if (size < sizeof(IndexHeader)) throw Error("chain index: shorter than its header");
    // Populated at once: all of it is read for the check, and faults would cost more than that.
    void* map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    if (map == MAP_FAILED) throw SysError(errno, "map the chain index");
    Index index(static_cast<const char*>(map), size);
    check_index({static_cast<const char*>(map), size});
    return index;
}

Index::Index(Index&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), map_size_(std::exchange(other.map_size_, 0)) {}

Index& Index::operator=(Index&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(map_size_, other.map_size_);
    return *this;
}

Index::~Index() {
    if (data_) ::munmap(const_cast<char*>(data_), map_size_);
}

std::span<const DirEntry> Index::entries(const Node& dir) const noexcept {
    if (!S_ISDIR(dir.mode)) return {};
    return section<DirEntry>(header().entries).subspan(dir.data, dir.count);
}

std::optional<Ino> Index::lookup(Ino dir, std::string_view name) const noexcept {
    const auto children = entries(node(dir));
    const auto found =
        std::lower_bound(children.begin(), children.end(), name,
                         [this](const DirEntry& e, std::string_view n) { return this->name(e) < n; });
    if (found == children.end() || this->name(*found) != name) return std::nullopt;
    return ino(*found);
}

std::string_view Index::target(const Node& link) const noexcept {
    return S_ISLNK(link.mode) ? string(link.data, link.count) : std::string_view{};
}

std::span<const IndexExtent> Index::extents(const Node& file) const noexcept {
    if (!S_ISREG(file.mode) || contiguous(file)) return {};
    return section<IndexExtent>(header().extents).subspan(file.data, file.count);
}

std::span<const XattrRecord> Index::xattrs(const Node& node) const noexcept {
    if (node.xattrs == 0) return {};
    const XattrSet& set = section<XattrSet>(header().xattr_sets)[node.xattrs - 1];
    return section<XattrRecord>(header().xattrs).subspan(set.first, set.count);
}

std::optional<std::string_view> Index::find_xattr(const Node& node, std::string_view name) const noexcept {
    for (const XattrRecord& record : xattrs(node)) {
        if (const Xattr x = xattr(record); x.name == name) return x.value;
    }
    return std::nullopt;
}

Result<Ino> Index::resolve(std::string_view path, Last last) const {
    constexpr int kMaxLinks = 40;  // as the kernel's MAXSYMLINKS
    int links = 0;
    Ino at = kRootIno;
    std::string rest(path);  // what is still to be walked; a link's text is put in front of it
    for (;;) {
        const size_t begin = rest.find_first_not_of('/');
        if (begin == rest.npos) return at;
        const size_t end = std::min(rest.find('/', begin), rest.size());
        const std::string name = rest.substr(begin, end - begin);
        rest.erase(0, end);
        if (!S_ISDIR(node(at).mode)) return Errno{ENOTDIR};
        if (name == ".") continue;
        if (name == "..") {
            at = parent(node(at));
            continue;
        }
        const auto child = lookup(at, name);
        if (!child) return Errno{ENOENT};
        const bool is_last = rest.empty();
        if (!S_ISLNK(node(*child).mode) || (is_last && last == Last::keep)) {
            // "file/" asks for a directory.
            if (!rest.empty() && !S_ISDIR(node(*child).mode)) return Errno{ENOTDIR};
            at = *child;
            continue;
        }
        if (++links > kMaxLinks) return Errno{ELOOP};
        const std::string_view text = target(node(*child));
        if (text.starts_with('/')) at = kRootIno;
        rest.insert(0, text);
    }
}

namespace {

/// All of it, or an errno; the blob was checked to be long enough, so its end is an error.
int read_exactly(int blob, char* to, size_t size, uint64_t offset) noexcept {
    while (size > 0) {
        const ssize_t n = ::pread(blob, to, size, static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return n < 0 ? errno : EIO;
        to += n;
        offset += static_cast<uint64_t>(n);
        size -= static_cast<size_t>(n);
    }
    return 0;
}

}  // namespace

Result<size_t> read_content(const Index& index, const Node& file, int blob, uint64_t offset,
                            std::span<char> buffer) {
    if (!S_ISREG(file.mode)) return Errno{EINVAL};
    if (offset >= file.size) return size_t{0};
    const size_t want = std::min<uint64_t>(buffer.size(), file.size - offset);
    if (Index::contiguous(file)) {
        if (const int e = read_exactly(blob, buffer.data(), want, file.data + offset)) return Errno{e};
        return want;
    }
    std::memset(buffer.data(), 0, want);
    const auto extents = index.extents(file);
    auto extent = std::partition_point(extents.begin(), extents.end(), [&](const IndexExtent& e) {
        return e.file_offset + e.length <= offset;
    });
    for (; extent != extents.end() && extent->file_offset < offset + want; ++extent) {
        const uint64_t begin = std::max(extent->file_offset, offset);
        const uint64_t end = std::min(extent->file_offset + extent->length, offset + want);
        const uint64_t from = extent->blob_offset + (begin - extent->file_offset);
        if (const int e = read_exactly(blob, buffer.data() + (begin - offset), end - begin, from))
            return Errno{e};
    }
    return want;
}

}  // namespace rpod::overlay
