// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/excerpt.hh"

#include <sys/stat.h>

#include <map>
#include <string>

#include "base/strings.hh"
#include "overlay/whiteout.hh"

namespace rpod::overlay {
namespace {

EntryType type_of(const Node& node) {
    switch (node.mode & S_IFMT) {
        case S_IFDIR:
            return EntryType::directory;
        case S_IFLNK:
            return EntryType::symlink;
        case S_IFCHR:
            return EntryType::char_device;
        case S_IFBLK:
            return EntryType::block_device;
        case S_IFIFO:
            return EntryType::fifo;
        default:
            return EntryType::regular;
    }
}

LayerEntry make_entry(const Index& tree, const std::string& path, const Node& node) {
    LayerEntry e;
    e.path = path;
    e.type = type_of(node);
    e.mode = node.mode & 07777;
    e.uid = node.uid;
    e.gid = node.gid;
    e.mtime_s = node.mtime_s;
    e.mtime_ns = node.mtime_ns;
    if (e.type == EntryType::regular) e.size = node.size;
    e.target = tree.target(node);
    // The kernel's 32-bit encoding, see Node.
    e.dev_major = (node.rdev >> 8) & 0xfff;
    e.dev_minor = (node.rdev & 0xff) | ((node.rdev >> 12) & 0xfff00);
    for (const auto& record : tree.xattrs(node)) {
        const auto xattr = tree.xattr(record);
        e.xattrs.emplace_back(xattr.name, xattr.value);
    }
    return e;
}

class Excerpt {
  public:
    explicit Excerpt(const Index& tree) : tree_(tree) { taken_.emplace("", kRootIno); }

    void take(const LayerEntry& entry) {
        const auto member = classify_member(entry);
        if (member.kind == MemberKind::aufs_data) return;
        std::string path(member.directory);
        if (!member.name.empty()) path += (path.empty() ? "" : "/") + std::string(member.name);
        const auto found = take_path(path);
        if (!found) return;
        const bool loses_content = member.kind == MemberKind::opaque ||
                                   (member.kind == MemberKind::plain && entry.type != EntryType::directory);
        if (loses_content) take_content(path, *found);
    }

    LayerScan finish() const {
        LayerScan scan;
        for (const auto& [path, ino] : taken_)
            scan.entries.push_back(make_entry(tree_, path, tree_.node(ino)));
        return scan;
    }

  private:
    /// With all on the way, as far as it is there. Links are not followed: a layer of ours has none among its
    /// parents. @return the node; nothing where the path does not exist
    std::optional<Ino> take_path(const std::string& path) {
        Ino at = kRootIno;
        std::string done;
        if (path.empty()) return at;
        for (const auto part : split(path, '/')) {
            const auto next = tree_.lookup(at, part);
            if (!next) return std::nullopt;
            at = *next;
            done += (done.empty() ? "" : "/") + std::string(part);
            taken_.emplace(done, at);
        }
        return at;
    }

    /// To the bottom: what is made anew in the directory does not show what was there, at any depth.
    void take_content(const std::string& path, Ino directory) {
        for (const auto& entry : tree_.entries(tree_.node(directory))) {
            const auto child = (path.empty() ? path : path + "/") + std::string(tree_.name(entry));
            taken_.emplace(child, Index::ino(entry));
            take_content(child, Index::ino(entry));
        }
    }

    const Index& tree_;
    std::map<std::string, Ino> taken_;  ///< a directory before what is in it
};

}  // namespace

LayerScan excerpt(const Index& tree, const LayerScan& layer) {
    Excerpt out(tree);
    for (const auto& entry : layer.entries) out.take(entry);
    return out.finish();
}

}  // namespace rpod::overlay
