// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/inode.hh"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "overlay/at.hh"
#include "overlay/image_source.hh"

namespace rpod::overlay {

Inode* InodeTable::find(uint64_t id) {
    const auto it = nodes_.find(id);
    return it == nodes_.end() ? nullptr : it->second.get();
}

Inode* InodeTable::child(const Inode& dir, std::string_view name) {
    const auto it = by_name_.find({&dir, name});
    return it == by_name_.end() ? nullptr : it->second;
}

Inode* InodeTable::by_key(const FileKey& key) {
    const auto it = by_key_.find(key);
    return it == by_key_.end() ? nullptr : it->second;
}

Inode& InodeTable::add(Inode* parent, std::string_view name, mode_t mode, uint64_t number,
                       std::vector<Source> sources) {
    auto owned = std::make_unique<Inode>();
    Inode& node = *owned;
    node.id = next_id_++;
    node.mode = mode;
    node.number = number;
    node.sources = std::move(sources);
    nodes_.emplace(node.id, std::move(owned));
    for (const Source& source : node.sources) descriptors_ += source.fd ? 1 : 0;
    if (node.upper() && !node.is_dir()) by_key_[node.sources[0].key] = &node;
    if (parent) {
        rename(node, *parent, name);
    } else {
        node.pinned = true;
    }
    touch(node);
    return node;
}

void InodeTable::drop_name(Inode& node) {
    if (!node.name.empty()) {
        const auto it = by_name_.find({node.parent, node.name});
        if (it != by_name_.end() && it->second == &node) by_name_.erase(it);
    }
    node.name.clear();
}

void InodeTable::rename(Inode& node, Inode& parent, std::string_view name) {
    Inode* const before = node.parent;
    ++parent.users;
    drop_name(node);
    node.parent = &parent;
    node.name = name;
    by_name_[{&parent, node.name}] = &node;
    node.pinned = false;
    touch(node);
    if (before) {
        --before->users;
        release(*before);
    }
}

void InodeTable::unlink(Inode& node) { drop_name(node); }

int InodeTable::pin(Inode& node) {
    for (size_t i = 0; i < node.sources.size(); ++i) {
        if (node.sources[i].key.dev == kImageDevice) continue;  // reached by its number
        const auto opened = fd(node, i);
        if (!opened) return opened.err();
    }
    node.pinned = true;
    touch(node);
    return 0;
}

void InodeTable::add_upper(Inode& node, Source upper) {
    if (!node.is_dir()) {
        descriptors_ -= node.sources[0].fd ? 1 : 0;
        node.sources.clear();
        by_key_[upper.key] = &node;
    }
    descriptors_ += upper.fd ? 1 : 0;
    node.sources.insert(node.sources.begin(), std::move(upper));
    touch(node);
}

void InodeTable::forget(uint64_t id, uint64_t lookups) {
    Inode* node = find(id);
    if (!node) return;
    node->lookups -= std::min(lookups, node->lookups);
    release(*node);
}

void InodeTable::release(Inode& first) {
    Inode* node = &first;
    while (node && node->id != kRootId && node->lookups == 0 && node->users == 0) {
        Inode* const parent = node->parent;
        drop_name(*node);
        close_all(*node);
        const auto it = by_key_.find(node->sources[0].key);
        if (it != by_key_.end() && it->second == node) by_key_.erase(it);
        nodes_.erase(node->id);
        if (parent) --parent->users;
        node = parent;
    }
}

std::optional<size_t> InodeTable::part_of(const Inode& node, uint16_t layer) {
    for (size_t i = 0; i < node.sources.size(); ++i) {
        if (node.sources[i].layer == layer) return i;
    }
    return std::nullopt;
}

/// Opens the node's part in a layer from the directory that holds it.
Result<int> InodeTable::open_part(Inode& node, uint16_t layer, int dir) {
    if (node.name.empty()) return Errno{ESTALE};
    auto opened = open_at(dir, node.name.c_str(), O_PATH);
    if (!opened) return Errno{opened.err() == ENOENT ? ESTALE : opened.err()};
    const auto st = stat_at(opened->get(), "");
    Source& source = node.sources[*part_of(node, layer)];
    if (!st || FileKey::of(*st) != source.key) return Errno{ESTALE};
    source.fd = std::move(*opened);
    ++descriptors_;
    touch(node);
    return source.fd.get();
}

Result<int> InodeTable::fd(Inode& node, size_t index) {
    const uint16_t layer = node.sources[index].layer;
    // Up to the nearest descriptor, then down again. Not recursive: a tree can be as deep as its maker likes.
    std::vector<Inode*> missing;
    Inode* at = &node;
    for (; at; at = at->parent) {
        const auto part = part_of(*at, layer);
        if (!part) return Errno{ESTALE};
        if (at->sources[*part].fd) break;
        missing.push_back(at);
    }
    if (!at) return Errno{ESTALE};
    touch(*at);
    int dir = at->sources[*part_of(*at, layer)].fd.get();
    for (size_t i = missing.size(); i-- > 0;) {
        const auto opened = open_part(*missing[i], layer, dir);
        if (!opened) return opened;
        dir = *opened;
        // What lies between was opened here and is nobody's yet.
        if (i + 1 < missing.size() && descriptors_ > max_descriptors_) {
            missing[i + 1]->sources[*part_of(*missing[i + 1], layer)].fd.reset();
            --descriptors_;
        }
    }
    return dir;
}

Result<int> InodeTable::fd_of_parent(const Inode& node) {
    const auto part = part_of(*node.parent, node.sources[0].layer);
    if (!part) return Errno{ESTALE};
    return fd(*node.parent, *part);
}

void InodeTable::touch(Inode& node) {
    const bool wanted = !node.pinned && std::any_of(node.sources.begin(), node.sources.end(),
                                                    [](const Source& s) { return bool{s.fd}; });
    if (node.in_lru && wanted) {
        lru_.splice(lru_.begin(), lru_, node.lru);
    } else if (wanted) {
        node.lru = lru_.insert(lru_.begin(), &node);
        node.in_lru = true;
    } else if (node.in_lru) {
        lru_.erase(node.lru);
        node.in_lru = false;
    }
}

void InodeTable::close_all(Inode& node) {
    for (Source& source : node.sources) {
        if (!source.fd) continue;
        source.fd.reset();
        --descriptors_;
    }
    if (node.in_lru) lru_.erase(node.lru);
    node.in_lru = false;
}

void InodeTable::trim() {
    while (descriptors_ > max_descriptors_ && !lru_.empty()) close_all(*lru_.back());
}

}  // namespace rpod::overlay
