// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/overlay.hh"

#include <fcntl.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <climits>

#include "base/error.hh"
#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "overlay/whiteout.hh"

namespace rpod::overlay {

Overlay::Overlay(OverlayOptions options)
    : table_(options.max_descriptors),
      work_(std::move(options.work)),
      image_(std::move(options.image)),
      uids_(std::move(options.uids)),
      gids_(std::move(options.gids)),
      sync_(options.sync),
      static_nlink_(options.static_nlink),
      count_links_(options.count_links),
      acls_(options.acls),
      xattrs_(options.xattrs) {
    std::vector<Source> sources;
    uint16_t layer = kUpperLayer;
    const auto add = [&](sys::Fd dir) {
        const auto st = stat_at(dir.get(), "");
        if (!st) throw SysError(st.err(), "stat a layer");
        xattr_whiteouts_.resize(layer + 1U);
        xattr_whiteouts_[layer] = read_opaque(dir.get()) == Opaque::has_xattr_whiteouts;
        (void)number(FileKey::of(*st));
        sources.push_back(Source{layer, FileKey::of(*st), std::move(dir)});
    };
    if (options.upper) add(std::move(options.upper));
    for (sys::Fd& lower : options.lowers) {
        ++layer;
        add(std::move(lower));
    }
    if (image_) {
        image_layer_ = ++layer;
        xattr_whiteouts_.resize(layer + 1U);
        (void)number({kImageDevice, kRootIno});
        sources.push_back(Source{layer, {kImageDevice, kRootIno}});
    }
    if (sources.empty()) throw Error("an overlay needs a directory");
    if (work_ && work_->uses_xattrs()) {
        check(::setxattr(FdPath(sources[0].fd.get()), kOpaqueXattr, "x", 1, 0), "mark the upper directory");
        xattr_whiteouts_[kUpperLayer] = true;
    }
    const uint64_t root_number = node_number(S_IFDIR, sources);
    table_.add(nullptr, {}, S_IFDIR, root_number, std::move(sources));
}

size_t Overlay::node_count() {
    const Locked locked(*this);
    return table_.size();
}

Result<std::string> Overlay::readlink(uint64_t id) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return Errno{node.err()};
    if (!S_ISLNK((*node)->mode)) return Errno{EINVAL};
    if (is_image((*node)->sources[0])) return std::string(image_->readlink((*node)->sources[0].key.ino));
    const auto fd = table_.fd(**node);
    if (!fd) return Errno{fd.err()};
    char target[PATH_MAX];
    const ssize_t n = ::readlinkat(*fd, "", target, sizeof target);
    if (n < 0) return Errno{errno};
    return std::string(target, static_cast<size_t>(n));
}

Result<struct statvfs> Overlay::statfs() {
    const Locked locked(*this);
    const auto root = table_.fd(table_.root());
    if (!root) return Errno{root.err()};
    struct statvfs st {};
    if (::fstatvfs(*root, &st) < 0) return Errno{errno};
    return st;
}

namespace {

constexpr std::string_view kCapability = "security.capability";

bool is_acl(std::string_view name) { return name == kAclAccess || name == kAclDefault; }

}  // namespace

Result<std::string> Overlay::getxattr(uint64_t id, const char* name) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return Errno{node.err()};
    if (!xattrs_ || (!acls_ && is_acl(name))) return Errno{EOPNOTSUPP};
    if (is_overlay_xattr(name)) return Errno{ENODATA};
    // The kernel asks before the first write to each file.
    if ((*node)->fresh && name == kCapability) return Errno{ENODATA};
    if (is_image((*node)->sources[0])) return image_->getxattr((*node)->sources[0].key.ino, name);
    const auto fd = table_.fd(**node);
    if (!fd) return Errno{fd.err()};
    return get_xattr(*fd, name);
}

Result<std::string> Overlay::listxattr(uint64_t id) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return Errno{node.err()};
    if (!xattrs_) return Errno{EOPNOTSUPP};
    if (is_image((*node)->sources[0])) return image_->listxattr((*node)->sources[0].key.ino);
    const auto fd = table_.fd(**node);
    if (!fd) return Errno{fd.err()};
    const auto all = list_xattr(*fd);
    if (!all) return Errno{all.err()};
    std::string shown;
    for_each_name(*all, [&](const char* name) {
        if (!is_overlay_xattr(name) && (acls_ || !is_acl(name))) shown.append(name).push_back('\0');
        return 0;
    });
    return shown;
}

int Overlay::setxattr(uint64_t id, const char* name, std::string_view value, int flags) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return node.err();
    if (!xattrs_ || is_overlay_xattr(name) || (!acls_ && is_acl(name))) return EOPNOTSUPP;
    if (const int e = copy_up(**node)) return e;
    const auto fd = table_.fd(**node);
    if (!fd) return fd.err();
    if (is_acl(name)) (*node)->default_acl.reset();
    (*node)->fresh = false;
    return error_of(::setxattr(FdPath(*fd), name, value.data(), value.size(), flags));
}

int Overlay::removexattr(uint64_t id, const char* name) {
    const Locked locked(*this);
    const auto node = find_node(id);
    if (!node) return node.err();
    if (!xattrs_ || (!acls_ && is_acl(name))) return EOPNOTSUPP;
    if (is_overlay_xattr(name)) return ENODATA;
    // What is not there needs no copy.
    if (is_image((*node)->sources[0])) {
        const auto before = image_->getxattr((*node)->sources[0].key.ino, name);
        if (!before) return before.err();
    } else {
        const auto before = table_.fd(**node);
        if (!before) return before.err();
        if (::getxattr(FdPath(*before), name, nullptr, 0) < 0) return errno;
    }
    if (const int e = copy_up(**node)) return e;
    const auto fd = table_.fd(**node);
    if (!fd) return fd.err();
    if (is_acl(name)) (*node)->default_acl.reset();
    return error_of(::removexattr(FdPath(*fd), name));
}

}  // namespace rpod::overlay
