// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>

#include <algorithm>

#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "overlay/overlay.hh"

namespace rpod::overlay {

Result<Inode*> Overlay::find_node(uint64_t id) {
    Inode* node = table_.find(id);
    if (!node) return Errno{ESTALE};
    return node;
}

Result<Inode*> Overlay::find_dir(uint64_t id) {
    Inode* node = table_.find(id);
    if (!node) return Errno{ESTALE};
    if (!node->is_dir()) return Errno{ENOTDIR};
    return node;
}

bool Overlay::hidden(uint16_t layer, int dir, const char* name, const struct stat& st) const noexcept {
    if (is_whiteout(st) || is_mark(name)) return true;
    return xattr_whiteouts_[layer] && S_ISREG(st.st_mode) && st.st_size == 0 && is_xattr_whiteout(dir, name);
}

bool Overlay::is_gone(int upper, const char* name) const noexcept {
    const auto present = stat_at(upper, name);
    return present && hidden(kUpperLayer, upper, name, *present);
}

Result<bool> Overlay::marked_gone(Inode& dir, size_t part, int fd, const char* name) {
    if (part + 1 == dir.sources.size()) return false;
    Source& source = dir.sources[part];
    if (!source.marks) {
        const auto marks = has_marks(fd);
        if (!marks) return marks;
        source.marks = *marks;
    }
    if (!*source.marks) return false;
    const auto mark = stat_at(fd, (std::string(kMarkPrefix) + name).c_str());
    // A mark for it would be too long a name.
    if (!mark && mark.err() != ENOENT && mark.err() != ENAMETOOLONG) return Errno{mark.err()};
    return bool{mark};
}

void Overlay::resolve_in_image(const Source& dir, const char* name, std::vector<Source>& found,
                               struct stat& first) const {
    const auto ino = image_->lookup(dir.key.ino, name);
    if (!ino) return;
    const auto st = image_->stat(*ino);
    if (!found.empty() && !S_ISDIR(st.st_mode)) return;
    if (found.empty()) first = st;
    found.push_back(Source{dir.layer, {kImageDevice, *ino}});
}

/// Layers downwards until something ends the search: a whiteout, a file, an opaque directory.
Result<Inode*> Overlay::resolve(Inode& dir, const char* name) {
    if (Inode* known = table_.child(dir, name)) return known;
    std::vector<Source> found;
    struct stat first {};
    for (size_t part = 0; part < dir.sources.size(); ++part) {
        const uint16_t layer = dir.sources[part].layer;
        if (is_image(dir.sources[part])) {
            resolve_in_image(dir.sources[part], name, found, first);
            break;
        }
        const auto parent = table_.fd(dir, part);
        if (!parent) return Errno{parent.err()};
        const auto st = stat_at(*parent, name);
        if (!st && st.err() != ENOENT) return Errno{st.err()};
        const auto gone = marked_gone(dir, part, *parent, name);
        if (!gone) return Errno{gone.err()};
        if (!st && !*gone) continue;
        if (!st || hidden(layer, *parent, name, *st)) break;
        const bool is_dir = S_ISDIR(st->st_mode);
        if (!found.empty() && !is_dir) break;
        if (found.empty()) first = *st;
        found.push_back(Source{layer, FileKey::of(*st)});
        if (!is_dir || *gone || part + 1 == dir.sources.size()) break;
        auto fd = open_at(*parent, name, O_PATH | O_DIRECTORY);
        if (!fd) return Errno{fd.err()};
        const bool opaque = read_opaque(fd->get()) == Opaque::yes;
        found.back().fd = std::move(*fd);
        if (opaque) break;
    }
    if (found.empty()) return Errno{ENOENT};
    return &intern(dir, name, first, std::move(found));
}

Inode& Overlay::intern(Inode& dir, const char* name, const struct stat& st, std::vector<Source> sources) {
    if (!S_ISDIR(st.st_mode) && sources[0].layer == kUpperLayer) {
        if (Inode* known = table_.by_key(sources[0].key)) {
            table_.rename(*known, dir, name);
            return *known;
        }
    }
    const uint64_t its_number = node_number(st.st_mode, sources);
    return table_.add(&dir, name, st.st_mode, its_number, std::move(sources));
}

Result<bool> Overlay::lower_has(Inode& dir, const char* name) {
    for (size_t part = 0; part < dir.sources.size(); ++part) {
        const uint16_t layer = dir.sources[part].layer;
        if (layer == kUpperLayer) continue;
        if (is_image(dir.sources[part])) return image_->lookup(dir.sources[part].key.ino, name).has_value();
        const auto parent = table_.fd(dir, part);
        if (!parent) return Errno{parent.err()};
        const auto st = stat_at(*parent, name);
        if (st) return !hidden(layer, *parent, name, *st);
        if (st.err() != ENOENT) return Errno{st.err()};
        const auto gone = marked_gone(dir, part, *parent, name);
        if (!gone) return gone;
        if (*gone) return false;
    }
    return false;
}

/// Inode numbers of the first file system are shown as they are; those of others get the number of the file
/// system into bits that inode numbers rarely use.
uint64_t Overlay::number(const FileKey& key) {
    constexpr unsigned kShift = 48;
    auto it = std::find(devices_.begin(), devices_.end(), key.dev);
    if (it == devices_.end()) it = devices_.insert(it, key.dev);
    return key.ino ^ (static_cast<uint64_t>(it - devices_.begin()) << kShift);
}

/// What stays when the file is copied up: of a directory the number of its topmost part in the layers below.
uint64_t Overlay::node_number(mode_t mode, const std::vector<Source>& sources) {
    const bool two_sided = S_ISDIR(mode) && sources.size() > 1 && sources[0].layer == kUpperLayer;
    const FileKey& key = sources[two_sided ? 1 : 0].key;
    if (!S_ISDIR(mode)) {
        const auto it = origins_.find(key);
        if (it != origins_.end()) return it->second;
    }
    return number(key);
}

Result<struct stat> Overlay::stat_node(Inode& node) {
    const Source& source = node.sources[0];
    Result<struct stat> st = Errno{ESTALE};
    if (is_image(source)) {
        st = image_->stat(source.key.ino);
    } else if (source.fd) {
        st = stat_at(source.fd.get(), "");
    } else if (!node.name.empty()) {
        const auto dir = table_.fd_of_parent(node);
        if (!dir) return Errno{dir.err()};
        st = stat_at(*dir, node.name.c_str());
        if (st && FileKey::of(*st) != source.key) return Errno{ESTALE};
    }
    if (st) show(node, *st);
    if (st && count_links_ && node.is_dir() && node.sources.size() > 1) st->st_nlink = links_of(node);
    return st;
}

void Overlay::show(const Inode& node, struct stat& st) const noexcept {
    st.st_ino = node.number;
    st.st_uid = uids_.shown(st.st_uid);
    st.st_gid = gids_.shown(st.st_gid);
    // The kernel says the same of a merged directory; find(1) and others know what it means. fuse-overlayfs
    // counts: count_links.
    if (node.is_dir() && (static_nlink_ || node.sources.size() > 1)) st.st_nlink = 1;
}

Result<Entry> Overlay::entry_of(Inode& node) {
    const auto st = stat_node(node);
    if (!st) {
        table_.release(node);
        return Errno{st.err()};
    }
    ++node.lookups;
    return Entry{node.id, *st};
}

Result<Entry> Overlay::lookup(uint64_t id, const char* name) {
    const Locked locked(*this);
    const auto dir = find_dir(id);
    if (!dir) return Errno{dir.err()};
    const auto node = resolve(**dir, name);
    if (!node) return Errno{node.err()};
    return entry_of(**node);
}

void Overlay::forget(uint64_t id, uint64_t lookups) {
    const Locked locked(*this);
    table_.forget(id, lookups);
}

Result<struct stat> Overlay::getattr(uint64_t id) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return Errno{node.err()};
    return stat_node(**node);
}

}  // namespace rpod::overlay
