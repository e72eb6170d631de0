// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/result.hh"
#include "overlay/image_source.hh"
#include "overlay/inode.hh"
#include "overlay/owner_map.hh"
#include "overlay/work_dir.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

struct OverlayOptions {
    std::vector<sys::Fd>
        lowers;  ///< live directories, topmost first; may be none where there is an upper one or an image
    std::unique_ptr<const ImageSource> image;  ///< below them all
    sys::Fd upper;                             ///< none: read-only
    std::optional<WorkDir> work;               ///< on the file system of `upper`
    OwnerMap uids, gids;
    bool sync = true;           ///< false: nothing is written to the disk on purpose (`volatile`)
    bool static_nlink = false;  ///< directories have one link
    bool count_links = false;   ///< merged ones have one for each directory in them, which costs a listing
    bool acls = true;
    bool xattrs = true;            ///< false: files show none, and none can be set
    size_t max_descriptors = 512;  ///< kept open for nodes, besides those of open and of unlinked files
};

/// Who asked.
struct Caller {
    uint32_t uid = 0;
    uint32_t gid = 0;
    mode_t umask = 0;
};

struct Entry {
    uint64_t id = 0;
    struct stat st {};
};

/// An open file. I/O goes to its descriptor without further questions; when the file is copied up, that is
/// replaced under the same number. A file of the image has no descriptor until then.
struct OpenFile {
    Inode* node = nullptr;
    sys::Fd fd{};
    bool writes = false;
    std::atomic<Ino> image{0};  ///< its node in the image; 0: it has a descriptor
};

/// An open directory: a picture of it, taken when it is read from its start. The kernel may read that from
/// its own cache, and lose it on the way: the picture is then taken late, but before the names change. Where
/// layers below show it is in the order of names, which a copy-up does not change.
struct OpenDir {
    struct Listed {
        uint32_t name = 0;  ///< where it starts in names
        unsigned char type = 0;
        uint64_t number = 0;
    };
    Inode* node = nullptr;
    std::atomic<bool> taken{false};
    std::vector<Listed> list{};
    std::string names{};
    const char* name(const Listed& entry) const noexcept { return names.c_str() + entry.name; }
};

/// The writable overlay, without FUSE: an image and live directories under an upper one. Behaves as kernel
/// overlayfs with `userxattr` does, whose format it writes (disk_format.hh). Failures are errno values. Used
/// by several threads; one at a time works on the tree, I/O on open files waits for nobody.
///
/// Where a name leads is decided once and kept in the InodeTable: nobody else may change the layers
/// meanwhile. What changes: everything happens in the upper layer, in an order in which a crash leaves the
/// old or the new state. Before a file, or the directory that gets or loses a name, is changed it is copied
/// up: prepared in the work directory and renamed into place, its parents first. A name that the layers below
/// have becomes a whiteout when it goes; a directory in the place of one is opaque.
class Overlay {
  public:
    /// @throws Error
    explicit Overlay(OverlayOptions options);

    /// Each counts as a reference of the kernel's, which forget() takes back.
    Result<Entry> lookup(uint64_t dir, const char* name);
    void forget(uint64_t id, uint64_t lookups);

    Result<struct stat> getattr(uint64_t id);
    enum Change : unsigned {
        kMode = 1,
        kUid = 2,
        kGid = 4,
        kSize = 8,
        kAtime = 16,
        kMtime = 32,
        kDropSetIds = 64
    };
    /// @param changes  of kMode, …: what of `wanted` is to be set; tv_nsec may be UTIME_NOW
    /// @param file  the open file through which it was asked for, if any
    Result<struct stat> setattr(uint64_t id, const struct stat& wanted, unsigned changes, OpenFile* file);
    Result<std::string> readlink(uint64_t id);

    struct NewFile {
        mode_t mode = 0;  ///< with the type
        dev_t rdev = 0;
        const char* target = nullptr;  ///< of a symbolic link
    };
    Result<Entry> make(uint64_t dir, const char* name, const NewFile& file, const Caller& caller);
    Result<std::pair<Entry, OpenFile*>> create(uint64_t dir, const char* name, mode_t mode, int flags,
                                               const Caller& caller);
    /// A file without a name (O_TMPFILE), which link() can give one.
    Result<std::pair<Entry, OpenFile*>> tmpfile(uint64_t dir, mode_t mode, const Caller& caller);
    Result<Entry> link(uint64_t id, uint64_t dir, const char* name);
    int unlink(uint64_t dir, const char* name);
    int rmdir(uint64_t dir, const char* name);
    int rename(uint64_t from, const char* from_name, uint64_t to, const char* to_name, unsigned flags);

    Result<OpenFile*> open(uint64_t id, int flags);
    void release(OpenFile* file);
    int fsync(OpenFile* file, bool data_only);

    Result<OpenDir*> opendir(uint64_t id);
    /// Takes a new picture. For the one thread that reads this directory.
    int refresh(OpenDir& dir);
    /// Has it go on where it was: there is a picture afterwards.
    int go_on(OpenDir& dir);
    void releasedir(OpenDir* dir);
    int fsyncdir(uint64_t id);

    Result<std::string> getxattr(uint64_t id, const char* name);
    Result<std::string> listxattr(uint64_t id);
    int setxattr(uint64_t id, const char* name, std::string_view value, int flags);
    int removexattr(uint64_t id, const char* name);
    Result<struct statvfs> statfs();

    /// The image at the bottom, for files that are open there (OpenFile::image).
    const ImageSource& image() const noexcept { return *image_; }
    bool read_only() const noexcept { return !work_; }
    bool acls() const noexcept { return acls_; }
    bool sync() const noexcept { return sync_; }
    size_t node_count();

  private:
    /// Holds the tree; descriptors over the limit are closed at its end.
    class Locked {
      public:
        explicit Locked(Overlay& overlay) : overlay_(overlay), lock_(overlay.mutex_) {}
        ~Locked() { overlay_.table_.trim(); }

      private:
        Overlay& overlay_;
        std::unique_lock<std::mutex> lock_;
    };

    /// How something new is made: in the upper directory itself, or prepared where a whiteout is in its
    /// place.
    struct Making {
        const NewFile& file;
        const Caller& caller;
        mode_t mode = 0;  ///< what mkdir(2) and its like are given
        int open_flags = 0;
        sys::Fd* opened = nullptr;  ///< of create: gets the open file
    };

    // Finding (overlay_find.cc)
    Result<Inode*> find_node(uint64_t id);
    Result<Inode*> find_dir(uint64_t id);
    bool is_image(const Source& source) const noexcept { return image_ && source.layer == image_layer_; }
    /// Adds what the image has under this name, as the last part there can be.
    void resolve_in_image(const Source& dir, const char* name, std::vector<Source>& found,
                          struct stat& first) const;
    Result<Inode*> resolve(Inode& dir, const char* name);
    Inode& intern(Inode& dir, const char* name, const struct stat& st, std::vector<Source> sources);
    bool hidden(uint16_t layer, int dir, const char* name, const struct stat& st) const noexcept;
    /// Whether a name is gone from what the parts of a directory below this one have.
    Result<bool> marked_gone(Inode& dir, size_t part, int fd, const char* name);
    /// Whether what an upper directory has under this name is a whiteout.
    bool is_gone(int upper, const char* name) const noexcept;
    /// Whether a layer below the upper one shows this name in a directory.
    Result<bool> lower_has(Inode& dir, const char* name);
    uint64_t number(const FileKey& key);
    uint64_t node_number(mode_t mode, const std::vector<Source>& sources);
    Result<struct stat> stat_node(Inode& node);
    void show(const Inode& node, struct stat& st) const noexcept;
    nlink_t links_of(Inode& dir);
    Result<Entry> entry_of(Inode& node);

    // Listing (overlay_list.cc)
    /// @return how many names are from the upper directory of a merged one; they come first
    Result<size_t> list_names(OpenDir& dir);
    int take_picture(OpenDir& dir);
    /// Before its names change.
    int take_pictures(Inode& dir);
    int check_empty(Inode& dir);
    void list_image(OpenDir& dir, const Source& source, const std::unordered_set<std::string>& seen);
    void add_listed(OpenDir& dir, uint16_t layer, dev_t dev, const char* name, ino_t ino, unsigned char type);

    // Copy-up (overlay_copy_up.cc)
    int copy_up(Inode& node, bool with_content = true);
    int prepare_copy(Inode& node, const std::string& prepared, bool with_content, nlink_t& links);
    int copy_up_one(Inode& node, bool with_content);
    int put_in_place(Inode& node, const std::string& prepared);
    int switch_files(Inode& node);

    // Changing (overlay_make.cc, overlay_remove.cc, overlay_rename.cc)
    Result<Entry> make_node(Inode& dir, const char* name, const NewFile& file, const Caller& caller,
                            int open_flags, sys::Fd* opened);
    int make_at(int dir, const char* name, const Making& making, struct stat& st);
    int give_owner(int dir, const char* name, const Making& making, struct stat& st);
    int make_over_whiteout(Inode& dir, int upper, const char* name, const Making& making, struct stat& st);
    int link_node(Inode& node, int to, const char* name);
    Result<sys::Fd> make_stage(int upper, const std::string& name);
    Result<bool> has_default_acl(Inode& dir);
    int remove_name(uint64_t id, const char* name, bool directory);
    int remove(Inode& dir, const char* name, Inode& node);
    int rename_nodes(Inode& from, const char* from_name, Inode& to, const char* to_name, bool no_replace);
    int exchange_nodes(Inode& from, const char* from_name, Inode& to, const char* to_name);
    int check_movable(Inode& node) const noexcept;
    int move_name(int from, const char* from_name, int to, const char* to_name, bool covers);
    int move_dir_over(int from, const char* from_name, int to, const char* to_name, bool covers);

    Result<sys::Fd> open_node(Inode& node, int flags);
    OpenFile* add_file(Inode& node, sys::Fd fd, bool writes);
    Result<int> fd_to_change(Inode& node, const OpenFile* file);
    bool only_repeats(Inode& node, const struct stat& wanted, unsigned changes);
    int change(Inode& node, const struct stat& wanted, unsigned changes, const OpenFile* file);
    int change_times(Inode& node, const struct stat& wanted, unsigned changes, const OpenFile* file);

    std::mutex mutex_;
    InodeTable table_;
    std::optional<WorkDir> work_;
    const std::unique_ptr<const ImageSource> image_;
    uint16_t image_layer_ = 0;
    const OwnerMap uids_, gids_;
    const bool sync_, static_nlink_, count_links_, acls_, xattrs_;
    std::vector<bool> xattr_whiteouts_;  ///< for each layer
    std::vector<dev_t> devices_;         ///< numbers of files are made different by these
    std::unordered_map<FileKey, uint64_t, FileKeyHash> origins_;  ///< copied up: the number from before
};

}  // namespace rpod::overlay
