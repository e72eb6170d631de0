// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/original_tree.hh"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/error.hh"
#include "base/strings.hh"
#include "image/tree_archive.hh"

namespace rpod::image {
namespace {

using overlay::Index;
using overlay::LayerEntry;
using overlay::Node;

constexpr size_t kBuffer = 128 << 10;

}  // namespace

const Node* OriginalTree::find(const std::string& path) const {
    overlay::Ino at = overlay::kRootIno;
    for (const auto name : split(path, '/')) {
        if (name.empty()) continue;
        const auto child = index_.lookup(at, name);
        if (!child) return nullptr;
        at = *child;
    }
    return &index_.node(at);
}

bool OriginalTree::same_xattrs(const Node& node, const LayerEntry& now) const {
    std::vector<std::pair<std::string, std::string>> before;
    for (const auto& record : index_.xattrs(node)) {
        const auto xattr = index_.xattr(record);
        if (is_archived_xattr(xattr.name)) before.emplace_back(xattr.name, xattr.value);
    }
    std::sort(before.begin(), before.end());
    return before == now.xattrs;
}

bool OriginalTree::same_attributes(const Node& node, const LayerEntry& now, const struct stat& st) const {
    const auto shown = overlay::shown_owner(node, owners_);
    if (now.mode != (shown.mode & 07777) || now.uid != shown.uid || now.gid != shown.gid) return false;
    // There are file systems that keep whole seconds.
    if (st.st_mtim.tv_sec != node.mtime_s) return false;
    if (st.st_mtim.tv_nsec != 0 && st.st_mtim.tv_nsec != node.mtime_ns) return false;
    if (S_ISREG(node.mode) && (static_cast<uint64_t>(st.st_size) != node.size || st.st_nlink != node.nlink))
        return false;
    return now.target.empty() || !S_ISLNK(node.mode) || now.target == index_.target(node);
}

/// In the very tick of the clock in which the tree was complete something may have been changed already.
bool OriginalTree::untouched(const struct stat& st) const {
    return st.st_ctim.tv_sec < made_.tv_sec ||
           (st.st_ctim.tv_sec == made_.tv_sec && st.st_ctim.tv_nsec < made_.tv_nsec);
}

bool OriginalTree::same_content(const Node& node, int fd) const {
    const int blob = node.blob < blobs_.size() ? blobs_[node.blob].get() : -1;
    std::vector<char> before(std::min<uint64_t>(kBuffer, node.size));
    std::vector<char> now(before.size());
    for (uint64_t at = 0; at < node.size;) {
        const auto n = overlay::read_content(index_, node, blob, at, before);
        if (!n) throw SysError(n.err(), "read from a layer");
        if (*n == 0) return false;
        for (size_t got = 0; got < *n;) {
            const auto part = check(::pread(fd, now.data() + got, *n - got, static_cast<off_t>(at + got)),
                                    "read from a file");
            if (part == 0) return false;
            got += static_cast<size_t>(part);
        }
        if (std::memcmp(before.data(), now.data(), *n) != 0) return false;
        at += *n;
    }
    return true;
}

bool OriginalTree::has(const std::string& path, const LayerEntry& now, const struct stat& st, int fd) const {
    const Node* node = find(path);
    if (!node || ((st.st_mode ^ node->mode) & S_IFMT) != 0 || !same_attributes(*node, now, st)) return false;
    if (untouched(st)) return true;
    return same_xattrs(*node, now) && (!S_ISREG(node->mode) || same_content(*node, fd));
}

std::vector<std::string> OriginalTree::missing(const std::string& directory,
                                               const std::vector<std::string>& names) const {
    std::vector<std::string> out;
    const Node* node = find(directory);
    if (!node) return out;
    std::vector<std::string_view> there(names.begin(), names.end());
    std::sort(there.begin(), there.end());
    for (const auto& entry : index_.entries(*node)) {
        const mode_t mode = index_.node(Index::ino(entry)).mode;
        if (S_ISCHR(mode) || S_ISBLK(mode)) continue;
        const auto name = index_.name(entry);
        if (!std::binary_search(there.begin(), there.end(), name)) out.emplace_back(name);
    }
    return out;
}

}  // namespace rpod::image
