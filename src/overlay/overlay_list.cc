// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "overlay/overlay.hh"

namespace rpod::overlay {
namespace {

/// What only stat(2) tells of a directory's record: a whiteout, or its type.
bool needs_stat(const DirRecord& record, bool xattr_whiteouts) {
    return record.type == DT_CHR || record.type == DT_UNKNOWN || (record.type == DT_REG && xattr_whiteouts);
}

}  // namespace

Result<OpenDir*> Overlay::opendir(uint64_t id) {
    const Locked locked(*this);
    const auto node = find_dir(id);
    if (!node) return Errno{node.err()};
    std::unique_ptr<OpenDir> dir(new OpenDir{.node = *node});
    (*node)->dirs.push_back(dir.get());
    ++(*node)->users;
    return dir.release();
}

void Overlay::releasedir(OpenDir* dir) {
    const Locked locked(*this);
    const std::unique_ptr<OpenDir> owned(dir);
    std::erase(dir->node->dirs, dir);
    --dir->node->users;
    table_.release(*dir->node);
}

int Overlay::fsyncdir(uint64_t id) {
    const Locked locked(*this);
    const auto node = find_dir(id);
    if (!node) return node.err();
    if (!sync_ || !(*node)->upper()) return 0;
    const auto fd = table_.fd(**node);
    if (!fd) return fd.err();
    const auto dir = reopen(*fd, O_RDONLY | O_DIRECTORY);
    return dir ? error_of(::fsync(dir->get())) : dir.err();
}

void Overlay::add_listed(OpenDir& dir, uint16_t layer, dev_t dev, const char* name, ino_t ino,
                         unsigned char type) {
    uint64_t shown = number({dev, ino});
    if (layer == kUpperLayer && type != DT_DIR && !origins_.empty()) {
        const auto it = origins_.find({dev, ino});
        if (it != origins_.end()) shown = it->second;
    }
    dir.list.push_back({static_cast<uint32_t>(dir.names.size()), type, shown});
    dir.names.append(name).push_back('\0');
}

void Overlay::list_image(OpenDir& open, const Source& source, const std::unordered_set<std::string>& seen) {
    for (const DirEntry& entry : image_->entries(source.key.ino)) {
        const std::string name(image_->name(entry));
        if (seen.count(name)) continue;
        add_listed(open, source.layer, kImageDevice, name.c_str(), Index::ino(entry),
                   static_cast<unsigned char>(entry.type));
    }
}

Result<size_t> Overlay::list_names(OpenDir& open) {
    Inode& node = *open.node;
    open.list.clear();
    open.names.clear();
    // Views would dangle: names grows.
    std::unordered_set<std::string> seen;
    const bool merged = node.sources.size() > 1;
    size_t from_upper = 0;
    for (size_t part = 0; part < node.sources.size(); ++part) {
        const Source& source = node.sources[part];
        if (is_image(source)) {
            list_image(open, source, seen);
            break;
        }
        const auto fd = table_.fd(node, part);
        if (!fd) return Errno{fd.err()};
        std::vector<std::string> marked;  // for the parts below alone
        const int e = read_dir(*fd, [&](const DirRecord& record) {
            // Told before anything is asked about it: a name of a layer above hides whatever this is.
            if (merged && part > 0 && seen.count(record.name)) return true;
            unsigned char type = record.type;
            bool gone = false;
            if (is_mark(record.name)) {
                marked.emplace_back(record.name + kMarkPrefix.size());
                return true;
            }
            if (needs_stat(record, xattr_whiteouts_[source.layer])) {
                const auto st = stat_at(*fd, record.name);
                if (!st) return true;
                gone = hidden(source.layer, *fd, record.name, *st);
                type = static_cast<unsigned char>(IFTODT(st->st_mode));
            }
            if (merged && part + 1 < node.sources.size()) seen.insert(record.name);
            if (!gone) add_listed(open, source.layer, source.key.dev, record.name, record.ino, type);
            return true;
        });
        if (e) return Errno{e};
        seen.insert(marked.begin(), marked.end());
        if (merged && source.layer == kUpperLayer) from_upper = open.list.size();
    }
    return from_upper;
}

int Overlay::take_picture(OpenDir& open) {
    const auto from_upper = list_names(open);
    if (!from_upper) return from_upper.err();
    // A directory that the upper layer and one below have in common has the number of the latter.
    for (size_t i = 0; i < *from_upper; ++i) {
        OpenDir::Listed& entry = open.list[i];
        if (entry.type != DT_DIR) continue;
        const auto child = resolve(*open.node, open.name(entry));
        if (!child) continue;
        entry.number = (*child)->number;
        table_.release(**child);
    }
    if (!open.node->only_upper()) {
        const auto before = [&](const OpenDir::Listed& a, const OpenDir::Listed& b) {
            return std::strcmp(open.name(a), open.name(b)) < 0;
        };
        if (!std::is_sorted(open.list.begin(), open.list.end(), before))
            std::sort(open.list.begin(), open.list.end(), before);
    }
    open.taken = true;
    return 0;
}

int Overlay::take_pictures(Inode& dir) {
    for (OpenDir* open : dir.dirs) {
        if (open->taken) continue;
        if (const int e = take_picture(*open)) return e;
    }
    return 0;
}

int Overlay::refresh(OpenDir& open) {
    const Locked locked(*this);
    return take_picture(open);
}

int Overlay::go_on(OpenDir& open) {
    if (open.taken) return 0;
    const Locked locked(*this);
    return open.taken ? 0 : take_picture(open);
}

/// As many as a file system says that has the directories in it lead back to this one; 1, which means
/// nothing, where they cannot be counted. Whoever makes or takes away one of them forgets the number.
nlink_t Overlay::links_of(Inode& dir) {
    if (dir.links) return *dir.links;
    OpenDir open{.node = &dir};
    if (!list_names(open)) return 1;
    const auto directories = std::count_if(open.list.begin(), open.list.end(),
                                           [](const OpenDir::Listed& entry) { return entry.type == DT_DIR; });
    dir.links = 2 + static_cast<uint32_t>(directories);
    return *dir.links;
}

int Overlay::check_empty(Inode& dir) {
    std::unordered_set<std::string> gone;
    bool empty = true;
    for (size_t part = 0; part < dir.sources.size() && empty; ++part) {
        const uint16_t layer = dir.sources[part].layer;
        if (is_image(dir.sources[part])) {
            for (const DirEntry& entry : image_->entries(dir.sources[part].key.ino)) {
                if (!gone.count(std::string(image_->name(entry)))) empty = false;
            }
            break;
        }
        const auto fd = table_.fd(dir, part);
        if (!fd) return fd.err();
        std::vector<std::string> marked;
        const int e = read_dir(*fd, [&](const DirRecord& record) {
            if (is_mark(record.name)) marked.emplace_back(record.name + kMarkPrefix.size());
            if (is_mark(record.name) || gone.count(record.name)) return true;
            const auto st = stat_at(*fd, record.name);
            if (!st) return true;
            if (hidden(layer, *fd, record.name, *st)) {
                gone.insert(record.name);
            } else {
                empty = false;
            }
            return empty;
        });
        if (e) return e;
        gone.insert(marked.begin(), marked.end());
    }
    return empty ? 0 : ENOTEMPTY;
}

}  // namespace rpod::overlay
