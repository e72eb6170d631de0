// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/tree.hh"

#include <algorithm>
#include <tuple>

#include "base/error.hh"
#include "base/strings.hh"
#include "overlay/index_format.hh"
#include "overlay/whiteout.hh"

namespace rpod::overlay {

Tree::Tree() { inodes_.emplace_back(); }

std::optional<uint32_t> Tree::child(uint32_t dir, std::string_view name) const {
    const auto& children = inodes_[dir].children;
    const auto it = children.find(name);
    if (it == children.end()) return std::nullopt;
    return it->second;
}

void Tree::link(uint32_t dir, std::string_view name, uint32_t inode) {
    const auto [it, added] = inodes_[dir].children.try_emplace(std::string(name), inode);
    if (added) return;
    it->second = inode;
    last_dir_.reset();
}

void Tree::unlink(uint32_t dir, std::string_view name) {
    auto& children = inodes_[dir].children;
    if (const auto it = children.find(name); it != children.end()) children.erase(it);
    last_dir_.reset();
}

void Tree::clear(uint32_t dir) {
    inodes_[dir].children.clear();
    last_dir_.reset();
}

std::optional<uint32_t> Tree::find_dir(std::string_view path, const LayerEntry& cause, Missing missing) {
    if (last_dir_ && path == last_path_) return last_dir_;
    const auto found = walk(path, cause, missing);
    last_path_ = path;
    last_dir_ = found;
    return found;
}

std::optional<uint32_t> Tree::walk(std::string_view path, const LayerEntry& cause, Missing missing) {
    constexpr int kMaxLinks = 40;  // as the kernel's MAXSYMLINKS
    int links = 0;
    uint32_t at = 0;
    std::string rest(path);  // what is still to be walked; a link's text is put in front of it
    for (size_t position = 0;;) {
        position = rest.find_first_not_of('/', position);
        if (position == rest.npos) return at;
        const size_t end = std::min(rest.find('/', position), rest.size());
        const std::string_view name = std::string_view(rest).substr(position, end - position);
        position = end;
        if (name == ".") continue;
        if (name == "..") {
            at = inodes_[at].parent;
            continue;
        }
        const auto found = child(at, name);
        if (found && inodes_[*found].type == EntryType::directory) {
            at = *found;
            continue;
        }
        if (found && inodes_[*found].type == EntryType::symlink) {
            if (++links > kMaxLinks) {
                throw Error("'{}': too many symbolic links among its parents", printable(cause.path));
            }
            const std::string& target = inodes_[*found].target;
            if (target.starts_with('/')) at = 0;
            rest = target + rest.substr(end);
            position = 0;
            continue;
        }
        if (missing == Missing::none) return std::nullopt;
        if (found && inodes_[*found].layer == layer_) {
            throw Error("'{}': its parent '{}' is not a directory", printable(cause.path), printable(name));
        }
        at = make_missing_dir(at, name, cause);
    }
}

uint32_t Tree::make_missing_dir(uint32_t parent, std::string_view name, const LayerEntry& cause) {
    if (name.size() > kMaxName) throw Error("'{}': name too long", printable(cause.path));
    LayerEntry entry;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    entry.mtime_s = cause.mtime_s;
    entry.mtime_ns = cause.mtime_ns;
    const uint32_t made = make_dir(entry, parent);
    link(parent, name, made);
    return made;
}

uint32_t Tree::make_inode(const LayerEntry& entry) {
    if (inodes_.size() >= UINT32_MAX - 1) throw Error("too many files in an image");
    const auto number = static_cast<uint32_t>(inodes_.size());
    TreeInode& made = inodes_.emplace_back();
    made.type = entry.type;
    made.dev_major = entry.dev_major;
    made.dev_minor = entry.dev_minor;
    made.layer = layer_;
    if (entry.type == EntryType::symlink) made.target = entry.target;
    if (entry.type == EntryType::regular) {
        made.size = entry.size;
        made.extents = entry.extents;
    }
    set_attributes(number, entry);
    return number;
}

uint32_t Tree::make_dir(const LayerEntry& entry, uint32_t parent) {
    const uint32_t number = make_inode(entry);
    inodes_[number].parent = parent;
    return number;
}

void Tree::set_attributes(uint32_t inode, const LayerEntry& entry) {
    const uint32_t xattrs = intern_xattrs(entry);
    TreeInode& to = inodes_[inode];
    // symlink(7): every file system shows the permissions of a link as 0777; archives write what they like.
    to.mode = to.type == EntryType::symlink ? 0777 : entry.mode & 07777;
    to.uid = entry.uid;
    to.gid = entry.gid;
    to.mtime_s = entry.mtime_s;
    to.mtime_ns = entry.mtime_ns;
    to.xattrs = xattrs;
}

uint32_t Tree::intern_xattrs(const LayerEntry& entry) {
    if (entry.xattrs.empty()) return 0;
    std::map<std::string, std::string> wanted;  // the last of two equal names holds
    for (const auto& [name, value] : entry.xattrs) {
        if (wanted_xattr(entry.type, name, value)) wanted[name] = value;
    }
    if (wanted.empty()) return 0;
    std::string key;
    size_t name_bytes = 0;
    for (const auto& [name, value] : wanted) {
        if (name.size() > kMaxName || name.find('\0') != name.npos || value.size() > kMaxXattrValue) {
            throw Error("'{}': extended attribute '{}' is too large", printable(entry.path),
                        printable(name.substr(0, kMaxName)));
        }
        name_bytes += name.size() + 1;
        key += fmt::format("{}:{}:", name.size(), value.size()) + name + value;
    }
    if (name_bytes > kMaxXattrValue) throw Error("'{}': too many extended attributes", printable(entry.path));
    const auto [it, added] =
        xattr_numbers_.try_emplace(std::move(key), static_cast<uint32_t>(xattr_lists_.size() + 1));
    if (added) xattr_lists_.emplace_back(wanted.begin(), wanted.end());
    return it->second;
}

}  // namespace rpod::overlay
