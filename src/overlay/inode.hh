// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

constexpr uint16_t kUpperLayer = 0;

/// An inode of a layer.
struct FileKey {
    dev_t dev = 0;
    ino_t ino = 0;
    bool operator==(const FileKey&) const = default;
    static FileKey of(const struct stat& st) { return {st.st_dev, st.st_ino}; }
};

struct FileKeyHash {
    size_t operator()(const FileKey& key) const noexcept {
        return std::hash<uint64_t>()(key.ino * 0x9E3779B97F4A7C15U ^ key.dev);
    }
};

/// One layer's part of a node.
struct Source {
    uint16_t layer = kUpperLayer;
    FileKey key;                  ///< in an image: kImageDevice and the node's number (image_source.hh)
    sys::Fd fd{};                 ///< O_PATH; may be closed between two requests; never there in an image
    std::optional<bool> marks{};  ///< of a directory: has_marks (disk_format.hh), once it was asked
};

struct OpenFile;
struct OpenDir;

/// What the kernel knows as an inode: a directory with its parts in all layers, topmost first, or another
/// file with the one part that shows.
struct Inode {
    uint64_t id = 0;
    mode_t mode = 0;          ///< the type alone is kept up to date
    uint64_t number = 0;      ///< st_ino
    Inode* parent = nullptr;  ///< of the name by which it was looked up last; none for the root
    std::string name;         ///< empty: the root, or a file that has been unlinked
    std::vector<Source> sources;
    uint64_t lookups = 0;             ///< references that the kernel holds
    uint32_t users = 0;               ///< nodes below, open files
    bool fresh = false;               ///< made by us: without attributes that nobody has set
    bool pinned = false;              ///< reachable by its descriptors alone, which stay open
    std::optional<bool> default_acl;  ///< of an upper directory, once it was asked for
    std::optional<uint32_t> links;    ///< of a merged directory, once they were counted
    std::vector<OpenFile*> files;
    std::vector<OpenDir*> dirs;  ///< open
    bool in_lru = false;
    std::list<Inode*>::iterator lru;

    bool is_dir() const noexcept { return S_ISDIR(mode); }
    bool upper() const noexcept { return sources[0].layer == kUpperLayer; }
    /// Nothing of the layers below shows in it.
    bool only_upper() const noexcept { return upper() && sources.size() == 1; }
};

/// All nodes that the kernel knows, or that lead to those, and their descriptors. A node is found again from
/// the nearest directory above it that has a descriptor, never from the root, and must then be the inode that
/// it was. Descriptors are closed, least recently used first, when there are more than the limit, but only by
/// trim(): a descriptor that a request has got is good until its end. One thread at a time.
class InodeTable {
  public:
    explicit InodeTable(size_t max_descriptors) : max_descriptors_(max_descriptors) {}
    InodeTable(const InodeTable&) = delete;
    InodeTable& operator=(const InodeTable&) = delete;

    Inode& root() { return *find(kRootId); }
    Inode* find(uint64_t id);
    Inode* child(const Inode& dir, std::string_view name);
    /// The upper file that is no directory: its other names.
    Inode* by_key(const FileKey& key);

    /// A new node; without a parent it is the root, if it is the first, or has no name.
    Inode& add(Inode* parent, std::string_view name, mode_t mode, uint64_t number,
               std::vector<Source> sources);
    /// From now on the node is found under this name.
    void rename(Inode& node, Inode& parent, std::string_view name);
    /// The node loses its name; what it is reached by then was opened before the name was taken away (pin).
    void unlink(Inode& node);
    /// Opens all its descriptors, for good. @return 0 or an errno
    int pin(Inode& node);
    /// The file was copied up: this is its only part now, or for a directory its topmost.
    void add_upper(Inode& node, Source upper);

    void forget(uint64_t id, uint64_t lookups);
    /// Frees the node, and those above it, where nobody needs them.
    void release(Inode& node);

    /// O_PATH descriptor of a part. ESTALE where it is no longer what it was.
    Result<int> fd(Inode& node, size_t source = 0);
    /// The same of the directory that holds the part that shows; of a node with a name.
    Result<int> fd_of_parent(const Inode& node);
    /// Its number among the parts of the directory's sources; nothing where the layer has no part in it.
    static std::optional<size_t> part_of(const Inode& node, uint16_t layer);
    void trim();

    size_t size() const { return nodes_.size(); }
    size_t descriptors() const { return descriptors_; }

    static constexpr uint64_t kRootId = 1;

  private:
    struct NameKey {
        const Inode* parent;
        std::string_view name;
        bool operator==(const NameKey&) const = default;
    };
    struct NameHash {
        size_t operator()(const NameKey& key) const noexcept {
            return std::hash<std::string_view>()(key.name) ^ (key.parent->id * 0x9E3779B97F4A7C15U);
        }
    };

    Result<int> open_part(Inode& node, uint16_t layer, int dir);
    void touch(Inode& node);
    void close_all(Inode& node);
    void drop_name(Inode& node);

    const size_t max_descriptors_;
    size_t descriptors_ = 0;
    uint64_t next_id_ = kRootId;
    std::unordered_map<uint64_t, std::unique_ptr<Inode>> nodes_;
    std::unordered_map<NameKey, Inode*, NameHash> by_name_;
    std::unordered_map<FileKey, Inode*, FileKeyHash> by_key_;
    std::list<Inode*> lru_;  ///< with open descriptors, not pinned; most recently used first
};

}  // namespace rpod::overlay
