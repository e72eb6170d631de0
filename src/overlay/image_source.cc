// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/image_source.hh"

#include <linux/fuse.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "overlay/node_maker.hh"

namespace rpod::overlay {
namespace {

/// From the kernel's 32 bits (index_format.hh).
dev_t device_number(uint32_t rdev) {
    return makedev((rdev >> 8) & 0xfff, (rdev & 0xff) | ((rdev >> 12) & 0xfff00));
}

}  // namespace

ImageSource::ImageSource(Index index, std::vector<sys::Fd> blobs, Owners owners)
    : index_(std::move(index)),
      blobs_(std::move(blobs)),
      owners_(std::move(owners)),
      layer_(index_, blobs_, owners_, View::complete) {}

struct stat ImageSource::stat(Ino ino) const noexcept {
    const Node& node = index_.node(ino);
    fuse_attr attr{};
    fill_attr(ino, node, index_.extents(node), owners_, attr);
    struct stat st {};
    st.st_dev = kImageDevice;
    st.st_ino = ino;
    st.st_mode = attr.mode;
    st.st_nlink = attr.nlink;
    st.st_uid = attr.uid;
    st.st_gid = attr.gid;
    st.st_rdev = device_number(attr.rdev);
    st.st_size = static_cast<off_t>(attr.size);
    st.st_blocks = static_cast<blkcnt_t>(attr.blocks);
    st.st_blksize = static_cast<blksize_t>(attr.blksize);
    st.st_mtim = {.tv_sec = node.mtime_s, .tv_nsec = node.mtime_ns};
    st.st_atim = st.st_ctim = st.st_mtim;
    return st;
}

std::optional<ImageSource::Run> ImageSource::find_run(Ino ino) const noexcept {
    const Node& node = index_.node(ino);
    if (!Index::contiguous(node) || node.blob >= blobs_.size()) return std::nullopt;
    return Run{.blob = blobs_[node.blob].get(), .at = static_cast<off_t>(node.data), .size = node.size};
}

Result<off_t> ImageSource::seek(Ino ino, off_t offset, int whence) const noexcept {
    const Node& node = index_.node(ino);
    const auto size = static_cast<off_t>(node.size);
    if (whence != SEEK_DATA && whence != SEEK_HOLE) return Errno{EINVAL};
    if (offset < 0 || offset >= size) return Errno{ENXIO};
    if (Index::contiguous(node)) return whence == SEEK_DATA ? offset : size;
    for (const IndexExtent& extent : index_.extents(node)) {
        const auto begin = static_cast<off_t>(extent.file_offset);
        const auto end = begin + static_cast<off_t>(extent.length);
        if (end <= offset) continue;
        if (whence == SEEK_DATA) return std::max(begin, offset);
        if (begin > offset) return offset;
        offset = end;
    }
    if (whence == SEEK_HOLE) return std::min(offset, size);
    return Errno{ENXIO};
}

int ImageSource::copy(Ino ino, int dir, const std::string& name, bool with_content) const {
    using Content = NodeMaker::Content;
    try {
        NodeMaker(index_, blobs_, owners_).make(ino, dir, name, with_content ? Content::yes : Content::no);
        return 0;
    } catch (const SysError& e) {
        log::debug("copy up: {}", e.what());
        return e.err();
    } catch (const Error& e) {
        log::warn("copy up: {}", e.what());
        return EIO;
    }
}

}  // namespace rpod::overlay
