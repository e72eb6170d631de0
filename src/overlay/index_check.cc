// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/index_check.hh"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "base/error.hh"
#include "overlay/index_format.hh"

namespace rpod::overlay {
namespace {

[[noreturn]] void damaged(const char* what) { throw Error("chain index is damaged: {}", what); }

inline void require(bool ok, const char* what) {
    if (!ok) [[unlikely]]
        damaged(what);
}

/// first … first + count - 1 lie in 0 … limit - 1; no sum can wrap.
constexpr bool within(uint64_t first, uint64_t count, uint64_t limit) {
    return first <= limit && count <= limit - first;
}

class Checker {
  public:
    explicit Checker(std::string_view file) : file_(file) {}
    void run() {
        check_header();
        check_xattrs();
        check_nodes();
        check_entries();
    }

  private:
    template <class T>
    std::span<const T> section(const IndexSection& s) const {
        require(s.offset % 8 == 0 && s.offset <= file_.size(), "a section lies outside the file");
        require(s.count <= (file_.size() - s.offset) / sizeof(T), "a section lies outside the file");
        return {reinterpret_cast<const T*>(file_.data() + s.offset), s.count};
    }
    void check_header();
    void check_xattrs() const;
    void check_nodes() const;
    void check_regular(const Node& node) const;
    void check_link(const Node& node) const;
    void check_entries() const;
    void check_name(const DirEntry& entry) const;
    std::string_view string(uint64_t offset, size_t length) const {
        return {strings_.data() + offset, length};
    }

    std::string_view file_;
    std::span<const uint64_t> blobs_;
    std::span<const Node> nodes_;
    std::span<const DirEntry> entries_;
    std::span<const IndexExtent> extents_;
    std::span<const XattrSet> xattr_sets_;
    std::span<const XattrRecord> xattrs_;
    std::span<const char> strings_;
};

void Checker::check_header() {
    require(file_.size() >= sizeof(IndexHeader), "shorter than its header");
    const auto& h = *reinterpret_cast<const IndexHeader*>(file_.data());
    require(std::memcmp(h.magic, kIndexMagic, sizeof h.magic) == 0, "not a chain index");
    if (h.version != kIndexVersion)
        throw Error("chain index has version {}, not {}", h.version, kIndexVersion);
    require(h.file_size == file_.size(), "its size is not that in its header");
    blobs_ = section<uint64_t>(h.blobs);
    nodes_ = section<Node>(h.nodes);
    entries_ = section<DirEntry>(h.entries);
    extents_ = section<IndexExtent>(h.extents);
    xattr_sets_ = section<XattrSet>(h.xattr_sets);
    xattrs_ = section<XattrRecord>(h.xattrs);
    strings_ = section<char>(h.strings);
    require(!nodes_.empty() && nodes_.size() < UINT32_MAX, "number of nodes");
    require(S_ISDIR(nodes_[0].mode) && nodes_[0].parent == 0, "the root is no directory");
}

void Checker::check_xattrs() const {
    for (const XattrSet& set : xattr_sets_) {
        require(within(set.first, set.count, xattrs_.size()), "a set of attributes lies outside its section");
    }
    for (const XattrRecord& x : xattrs_) {
        require(within(x.name, x.name_length, strings_.size()) &&
                    within(x.value, x.value_length, strings_.size()),
                "an attribute lies outside its section");
        require(x.name_length >= 1 && x.name_length <= kMaxName && x.value_length <= kMaxXattrValue,
                "size of an attribute");
        require(string(x.name, x.name_length).find('\0') == std::string_view::npos, "name of an attribute");
    }
}

void Checker::check_regular(const Node& node) const {
    require(node.size <= INT64_MAX, "size of a file");
    if (node.count != kContiguous) {
        require(within(node.data, node.count, extents_.size()),
                "extents of a file lie outside their section");
        if (node.count == 0) return;
    }
    require(node.blob < blobs_.size(), "a file lies in no layer");
    const uint64_t blob_size = blobs_[node.blob];
    if (node.count == kContiguous) {
        require(within(node.data, node.size, blob_size), "a file lies outside its layer");
        return;
    }
    uint64_t covered = 0;
    for (const IndexExtent& e : extents_.subspan(node.data, node.count)) {
        require(e.file_offset >= covered && within(e.file_offset, e.length, node.size), "order of extents");
        require(within(e.blob_offset, e.length, blob_size), "an extent lies outside its layer");
        covered = e.file_offset + e.length;
    }
}

void Checker::check_link(const Node& node) const {
    require(node.count >= 1 && node.count <= kMaxLinkTarget && node.size == node.count, "size of a link");
    require(within(node.data, node.count, strings_.size()), "a link lies outside its section");
    require(string(node.data, node.count).find('\0') == std::string_view::npos, "text of a link");
}

void Checker::check_nodes() const {
    uint64_t next_entry = 0;
    for (const Node& node : nodes_) {
        require(node.xattrs <= xattr_sets_.size(), "attributes of a node lie outside their section");
        require(node.mtime_ns < 1'000'000'000, "time of a node");
        switch (node.mode & S_IFMT) {
            case S_IFDIR:
                require(node.data == next_entry && node.count <= entries_.size() - next_entry,
                        "order of the directories");
                next_entry += node.count;
                break;
            case S_IFREG:
                check_regular(node);
                break;
            case S_IFLNK:
                check_link(node);
                break;
            case S_IFCHR:
            case S_IFBLK:
            case S_IFIFO:
                break;
            default:
                damaged("type of a node");
        }
        require((node.mode & ~(S_IFMT | 07777u)) == 0, "mode of a node");
    }
    require(next_entry == entries_.size(), "entries of no directory");
}

void Checker::check_name(const DirEntry& entry) const {
    require(entry.name_length >= 1 && entry.name_length <= kMaxName, "length of a name");
    require(within(entry.name, entry.name_length, strings_.size()), "a name lies outside its section");
    const std::string_view name = string(entry.name, entry.name_length);
    require(std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || c == '\0'; }), "a name");
    require(name != "." && name != "..", "a name");
}

void Checker::check_entries() const {
    uint32_t introduced = 1;
    for (uint32_t dir = 0; dir < nodes_.size(); ++dir) {
        if (!S_ISDIR(nodes_[dir].mode)) continue;
        // Without this the entries could introduce a directory after its turn, or below itself.
        require(dir < introduced, "a directory has no name");
        std::string_view previous;
        for (const DirEntry& entry : entries_.subspan(nodes_[dir].data, nodes_[dir].count)) {
            check_name(entry);
            const std::string_view name = string(entry.name, entry.name_length);
            require(previous < name, "order of the names");
            previous = name;
            require(entry.node <= introduced && entry.node < nodes_.size(), "order of the nodes");
            const Node& node = nodes_[entry.node];
            require(entry.type == IFTODT(node.mode), "type of an entry");
            if (entry.node == introduced) {
                ++introduced;
                require(node.parent == dir, "parent of a node");
            } else {
                require(!S_ISDIR(node.mode), "a directory has two names");
            }
        }
    }
    require(introduced == nodes_.size(), "a node has no name");
}

}  // namespace

void check_index_structure(std::string_view file) { Checker(file).run(); }

void check_index(std::string_view file) {
    // First: most damage has no better description.
    constexpr size_t kSummedFrom = offsetof(IndexHeader, version);
    if (file.size() >= sizeof(IndexHeader)) {
        const auto& h = *reinterpret_cast<const IndexHeader*>(file.data());
        const bool ours =
            std::memcmp(h.magic, kIndexMagic, sizeof h.magic) == 0 && h.version == kIndexVersion;
        if (ours) {
            require(h.checksum == index_checksum(file.data() + kSummedFrom, file.size() - kSummedFrom),
                    "checksum");
        }
    }
    check_index_structure(file);
}

}  // namespace rpod::overlay
