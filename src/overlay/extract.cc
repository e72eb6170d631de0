// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/extract.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "overlay/node_maker.hh"
#include "sys/file.hh"

namespace rpod::overlay {
namespace {

/// Walks the tree with one descriptor, that of the directory being filled: it may be deeper than there are
/// descriptors, and than a path can be long. Nobody else moves directories, so ".." leads back.
class Extraction {
  public:
    Extraction(const Index& index, std::span<const sys::Fd> blobs, const Owners& owners)
        : index_(index), maker_(index, blobs, owners) {}

    void run(int to, const std::string& name) {
        // Each file with several names has one more in here, so that the others are found at any depth.
        const std::string links = name + ".links";
        links_ = make_dir(to, links);
        dir_ = make_dir(to, name);
        walk();
        links_.reset();
        sys::remove_tree_at(to, links);
        if (devices_ > 0) log::debug("{} device nodes of the image are left out", devices_);
    }

  private:
    struct Level {
        Ino ino;
        size_t next = 0;  ///< of its entries
    };

    /// Closed to others until it has its owner and mode.
    static sys::Fd make_dir(int parent, const std::string& name) {
        check(::mkdirat(parent, name.c_str(), 0700), "create directory '{}'", printable(name));
        return sys::open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    }

    void walk() {
        std::vector<Level> stack{{.ino = kRootIno}};
        while (!stack.empty()) {
            Level& level = stack.back();
            const Node& node = index_.node(level.ino);
            const auto entries = index_.entries(node);
            if (level.next < entries.size()) {
                const DirEntry& entry = entries[level.next++];
                const Ino ino = Index::ino(entry);
                const std::string name(index_.name(entry));
                if (S_ISDIR(index_.node(ino).mode)) {
                    dir_ = make_dir(dir_.get(), name);
                    stack.push_back({.ino = ino});
                } else {
                    add(ino, name);
                }
                continue;
            }
            // What is made in a directory changes its time, and its mode may close the way.
            const Ino ino = level.ino;
            stack.pop_back();
            auto parent = stack.empty() ? sys::Fd() : sys::open_at(dir_.get(), "..", O_RDONLY | O_DIRECTORY);
            maker_.set_attributes(dir_.get(), ino, ".");
            dir_ = std::move(parent);
        }
    }

    void add(Ino ino, const std::string& name) {
        const Node& node = index_.node(ino);
        if (node.nlink > 1 && link(ino, name)) return;
        if (S_ISCHR(node.mode) || S_ISBLK(node.mode)) {
            ++devices_;
            return;
        }
        maker_.make(ino, dir_.get(), name);
        if (node.nlink > 1) remember(ino, name);
    }

    /// @return whether this is now another name of a file that is there
    bool link(Ino ino, const std::string& name) {
        if (::linkat(links_.get(), std::to_string(ino).c_str(), dir_.get(), name.c_str(), 0) == 0)
            return true;
        // The first name; or more than the file system takes, then it is a file of its own.
        if (errno != ENOENT && errno != EMLINK)
            throw SysError(errno, "create the link '{}'", printable(name));
        return false;
    }

    void remember(Ino ino, const std::string& name) {
        const int rc = ::linkat(dir_.get(), name.c_str(), links_.get(), std::to_string(ino).c_str(), 0);
        if (rc < 0 && errno != EEXIST) throw SysError(errno, "create a link to '{}'", printable(name));
    }

    const Index& index_;
    const NodeMaker maker_;
    sys::Fd dir_, links_;
    size_t devices_ = 0;
};

}  // namespace

void extract(const Index& index, std::span<const sys::Fd> blobs, const Owners& owners, int to,
             const std::string& name) {
    Extraction(index, blobs, owners).run(to, name);
}

}  // namespace rpod::overlay
