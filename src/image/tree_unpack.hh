// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "image/byte_source.hh"
#include "overlay/layer_entry.hh"
#include "sys/rooted_dir.hh"

namespace rpod::image {

struct UnpackOptions {
    struct Owner {
        uint32_t uid, gid;
    };
    /// Whose the files become.
    enum class Ownership {
        archive,  ///< as the archive says; IDs are those of the caller's user namespace
        given,    ///< that of `owner`
        caller,   ///< the caller's. Set-user-ID and set-group-ID bits, which would now let others act as
                  ///< the caller, and capabilities are dropped
    };
    Ownership ownership = Ownership::archive;
    Owner owner{};
    /// Whether something else may take the place of a directory, which goes with its content, and the other
    /// way round.
    bool replace_directories = false;
    /// Whether a member that stands for the root gives its attributes to the root.
    bool with_root = false;
};

/// Makes files of the members of an archive, which may be hostile, below a root that may change meanwhile:
/// parents are resolved inside the root each time (a link leads to places in it), the last component is never
/// followed, but for a directory that is there by a link. What exists is replaced, a directory kept. Device
/// nodes, which a user namespace cannot make, are passed over with a warning.
class TreeUnpacker {
  public:
    /// The root is borrowed.
    TreeUnpacker(const sys::RootedDir& root, const UnpackOptions& options) : root_(root), options_(options) {}

    /// @param entry  with the path (empty: the root) and hard link target below the root
    /// @param content  of a regular file
    /// @throws SysError, Error
    void add(const overlay::LayerEntry& entry, ByteSource& content);
    /// Gives directories the modes and times that writing into them would have got in the way of.
    void finish();

  private:
    struct Place;
    Place open_parent(const std::string& path) const;
    void make_room(const Place& place) const;
    void add_directory(const overlay::LayerEntry& entry);
    void make_directory(const std::string& path) const;
    void add_file(const overlay::LayerEntry& entry, ByteSource& content) const;
    void add_hard_link(const overlay::LayerEntry& entry) const;
    void add_symlink(const overlay::LayerEntry& entry) const;
    void add_fifo(const overlay::LayerEntry& entry) const;
    std::optional<UnpackOptions::Owner> owner_of(const overlay::LayerEntry& entry) const;
    void set_owner_at(const Place& place, const overlay::LayerEntry& entry) const;
    void set_attributes(int fd, const overlay::LayerEntry& entry) const;

    const sys::RootedDir& root_;
    UnpackOptions options_;
    std::map<std::string, overlay::LayerEntry> directories_;  ///< by their paths
};

/// Unpacks a whole archive, in any compression, in a directory below the root (empty: the root).
/// @throws Error for one that is malformed
void unpack_archive(ByteSource& source, const sys::RootedDir& root, const std::string& directory,
                    const UnpackOptions& options);

}  // namespace rpod::image
