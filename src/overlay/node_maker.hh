// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <span>
#include <string>

#include "overlay/attr.hh"
#include "overlay/index.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

/// Makes files of what an image has, one at a time, with what ImageLayer would show of them. The caller is
/// root of the user namespace that `owners` are of. Borrows what it is made from.
class NodeMaker {
  public:
    NodeMaker(const Index& index, std::span<const sys::Fd> blobs, const Owners& owners)
        : index_(index), blobs_(blobs), owners_(owners) {}

    enum class Content { yes, no };
    /// Makes a new name in a directory that nobody else writes to: a directory without what is in it, or any
    /// other file but a device.
    /// @param content  of a regular file
    /// @throws SysError, Error where a layer is too short
    void make(Ino ino, int dir, const std::string& name, Content content = Content::yes) const;
    /// Owner, mode, attributes and times of what make() has made, a directory say that has been filled since.
    void set_attributes(int fd, Ino ino, const std::string& name) const;

  private:
    void make_file(Ino ino, int dir, const std::string& name, Content content) const;
    void write_content(const Node& node, int fd, const std::string& name) const;
    void write_run(const Node& node, IndexExtent run, int fd, const std::string& name) const;
    void write_run_by_hand(const Node& node, IndexExtent run, int fd, const std::string& name) const;
    void set_xattr(int fd, const Xattr& xattr, const std::string& name) const;
    void set_attributes_of_name(Ino ino, int dir, const std::string& name) const;

    const Index& index_;
    const std::span<const sys::Fd> blobs_;
    const Owners& owners_;
};

}  // namespace rpod::overlay
