// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/node_maker.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "overlay/disk_format.hh"
#include "overlay/whiteout.hh"
#include "sys/file.hh"

namespace rpod::overlay {
namespace {

constexpr size_t kBuffer = 256 << 10;

std::array<timespec, 2> times_of(const Node& node) {
    const timespec mtime{.tv_sec = node.mtime_s, .tv_nsec = node.mtime_ns};
    return {mtime, mtime};
}

/// What not every file system, and nobody in a user namespace, may set.
bool may_be_lost(std::string_view name, int e) {
    return e == EOPNOTSUPP || ((e == EPERM || e == EINVAL) && !name.starts_with("user."));
}

}  // namespace

void NodeMaker::make(Ino ino, int dir, const std::string& name, Content content) const {
    const Node& node = index_.node(ino);
    switch (node.mode & S_IFMT) {
        case S_IFREG:
            return make_file(ino, dir, name, content);
        case S_IFDIR: {
            // Closed to others until it has its owner and mode.
            check(::mkdirat(dir, name.c_str(), 0700), "create directory '{}'", printable(name));
            const auto fd = sys::open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            return set_attributes(fd.get(), ino, name);
        }
        case S_IFLNK:
            check(::symlinkat(std::string(index_.target(node)).c_str(), dir, name.c_str()),
                  "create the link '{}'", printable(name));
            return set_attributes_of_name(ino, dir, name);
        case S_IFIFO:
            check(::mknodat(dir, name.c_str(), S_IFIFO | 0600, 0), "create the fifo '{}'", printable(name));
            return set_attributes_of_name(ino, dir, name);
        default:
            throw SysError(EPERM, "create the device '{}'", printable(name));
    }
}

void NodeMaker::make_file(Ino ino, int dir, const std::string& name, Content content) const {
    const Node& node = index_.node(ino);
    const auto fd = sys::open_at(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (content == Content::yes && node.size > 0) write_content(node, fd.get(), name);
    set_attributes(fd.get(), ino, name);
}

void NodeMaker::write_content(const Node& node, int fd, const std::string& name) const {
    if (Index::contiguous(node)) {
        write_run(node, {.file_offset = 0, .blob_offset = node.data, .length = node.size}, fd, name);
        return;
    }
    for (const IndexExtent& extent : index_.extents(node)) write_run(node, extent, fd, name);
    check(::ftruncate(fd, static_cast<off_t>(node.size)), "write '{}'", printable(name));
}

/// The kernel copies, and shares blocks where the file system can and the run lies well for it.
void NodeMaker::write_run(const Node& node, IndexExtent run, int fd, const std::string& name) const {
    if (node.blob >= blobs_.size()) throw Error("'{}' lies in a layer that is not there", printable(name));
    const int blob = blobs_[node.blob].get();
    while (run.length > 0) {
        auto in = static_cast<off_t>(run.blob_offset);
        auto out = static_cast<off_t>(run.file_offset);
        const ssize_t n = ::copy_file_range(blob, &in, fd, &out, run.length, 0);
        if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
            return write_run_by_hand(node, run, fd, name);
        check(n, "write '{}'", printable(name));
        if (n == 0) throw Error("write '{}': its layer ends too early", printable(name));
        const auto done = static_cast<uint64_t>(n);
        run = {run.file_offset + done, run.blob_offset + done, run.length - done};
    }
}

void NodeMaker::write_run_by_hand(const Node& node, IndexExtent run, int fd, const std::string& name) const {
    std::vector<char> buffer(std::min<uint64_t>(kBuffer, run.length));
    for (uint64_t done = 0; done < run.length;) {
        const auto part = std::span(buffer).first(std::min<uint64_t>(buffer.size(), run.length - done));
        const auto n = read_content(index_, node, blobs_[node.blob].get(), run.file_offset + done, part);
        if (!n) throw SysError(n.err(), "read '{}' from its layer", printable(name));
        if (*n == 0) throw Error("write '{}': its layer ends too early", printable(name));
        check(::lseek(fd, static_cast<off_t>(run.file_offset + done), SEEK_SET), "write '{}'",
              printable(name));
        sys::write_all(fd, std::string_view(buffer.data(), *n), printable(name));
        done += *n;
    }
}

/// The owner first, which takes set-ID bits and capabilities away; the time last.
void NodeMaker::set_attributes(int fd, Ino ino, const std::string& name) const {
    const Node& node = index_.node(ino);
    const auto owner = shown_owner(index_.node(ino), owners_);
    check(::fchown(fd, owner.uid, owner.gid), "give '{}' to {}:{}", printable(name), owner.uid, owner.gid);
    check(::fchmod(fd, owner.mode & 07777), "set the mode of '{}'", printable(name));
    for (const XattrRecord& record : index_.xattrs(node)) set_xattr(fd, index_.xattr(record), name);
    check(::futimens(fd, times_of(node).data()), "set the time of '{}'", printable(name));
}

void NodeMaker::set_xattr(int fd, const Xattr& xattr, const std::string& name) const {
    if (is_overlay_xattr(xattr.name) || xattr.name.starts_with("trusted.")) return;
    const bool acl = xattr.name == kAclAccess || xattr.name == kAclDefault;
    const auto value = acl ? visible_acl(xattr.value, owners_) : std::string(xattr.value);
    const std::string key(xattr.name);
    if (::fsetxattr(fd, key.c_str(), value.data(), value.size(), 0) == 0) return;
    if (!may_be_lost(key, errno))
        throw SysError(errno, "set the attribute '{}' of '{}'", printable(key), printable(name));
    log::debug("'{}' goes without the attribute '{}'", printable(name), printable(key));
}

/// Of what cannot be opened.
void NodeMaker::set_attributes_of_name(Ino ino, int dir, const std::string& name) const {
    const auto owner = shown_owner(index_.node(ino), owners_);
    check(::fchownat(dir, name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW), "give '{}' to {}:{}",
          printable(name), owner.uid, owner.gid);
    if (!S_ISLNK(owner.mode))
        check(::fchmodat(dir, name.c_str(), owner.mode & 07777, 0), "set the mode of '{}'", printable(name));
    check(::utimensat(dir, name.c_str(), times_of(index_.node(ino)).data(), AT_SYMLINK_NOFOLLOW),
          "set the time of '{}'", printable(name));
}

}  // namespace rpod::overlay
