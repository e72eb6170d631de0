// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/rootfs.hh"

#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "sys/file.hh"
#include "sys/mount.hh"

namespace rpod::runtime {
namespace {

std::string lower_name(size_t number) { return fmt::format("lower{}", number); }

void make_dir_at(int dir, const std::string& name, mode_t mode) {
    if (::mkdirat(dir, name.c_str(), mode) < 0 && errno != EEXIST) {
        throw SysError(errno, "create directory '{}' of the container", name);
    }
}

/// The ID of P's root in the session user namespace: whom the kernel takes for the owner of the overlay
/// mount.
uint32_t root_outside(const userns::IdMap& map) {
    const auto root = map.to_outside(0);
    return root ? *root : map.extents().front().outside;
}

Error explain_overlay_failure(const SysError& e) {
    if (e.is(EPERM) || e.is(ENODEV)) {
        return Error(
                   "mount the root file system: this kernel does not allow overlayfs in a user namespace "
                   "({})",
                   e.what())
            .with_hint("Linux 5.11 or later is needed, with the module overlay loaded");
    }
    if (e.is(EINVAL) || e.is(EOPNOTSUPP)) {
        return Error(
                   "mount the root file system: overlayfs does not take the store's file system for its "
                   "upper layer ({})",
                   e.what())
            .with_hint(
                "keep the store on a local file system with user xattrs (ext4, xfs, btrfs, tmpfs): --root "
                "DIR");
    }
    return Error("mount the root file system: {}", e.what());
}

void mount_image(const RootPlan& root, int dir, const std::vector<overlay::View>& views,
                 const InitSync& sync) {
    std::vector<sys::Fd> connections;
    std::vector<int> borrowed;
    std::string lowers;
    for (size_t i = 0; i < views.size(); ++i) {
        connections.push_back(overlay::mount_fuse(dir, lower_name(i).c_str(), "rpod"));
        borrowed.push_back(connections.back().get());
        lowers += (i > 0 ? ":" : "") + lower_name(i);
    }
    sync.fuse_mounted(borrowed);
    // Closed here: who launches holds them for the servers, and where both are dead nobody waits for an
    // answer.
    connections.clear();
    // Relative names: no path of the store shows in the mount's options.
    check(::fchdir(dir), "enter '{}'", root.directory);
    const auto options = fmt::format("lowerdir={},upperdir=upper,workdir=work,userxattr{}", lowers,
                                     root.volatile_upper ? ",volatile" : "");
    try {
        check(::mount("overlay", "merged", "overlay", 0, options.c_str()), "mount overlayfs");
    } catch (const SysError& e) {
        throw explain_overlay_failure(e);
    }
    // One listing tells the kernel the top directory's names, which would each be asked for on the way to the
    // first program.
    if (const auto top = sys::find_at(dir, "merged", O_RDONLY | O_DIRECTORY)) (void)sys::list_dir(top->get());
}

}  // namespace

PreparedRoot prepare_root(const RootPlan& plan, const userns::PodMaps& maps) {
    const sys::Fd dir = sys::open_file(plan.directory, O_PATH | O_DIRECTORY);
    make_dir_at(dir.get(), "merged", 0755);
    PreparedRoot prepared;
    if (const auto* source = std::get_if<DirectoryRoot>(&plan.source)) {
        prepared.source = sys::clone_mount(AT_FDCWD, source->path, true);
    } else {
        prepared.views = overlay::wanted_views(std::get<ImageRoot>(plan.source).index);
        for (size_t i = 0; i < prepared.views.size(); ++i) make_dir_at(dir.get(), lower_name(i), 0755);
        for (const char* name : {"upper", "work"}) {
            make_dir_at(dir.get(), name, 0755);
            check(::fchownat(dir.get(), name, root_outside(maps.uids), root_outside(maps.gids),
                             AT_SYMLINK_NOFOLLOW),
                  "give '{}/{}' to the container's root", plan.directory, name);
        }
    }
    prepared.directory = sys::clone_mount(AT_FDCWD, plan.directory, false);
    return prepared;
}

namespace {

/// Any directory that every host has and that everybody may enter: until the pivot it is where the
/// container's own directory is found. The path to that may be closed to P, and a descriptor of another mount
/// namespace's mount takes no mounts.
constexpr const char* kStage = "/tmp";

}  // namespace

sys::RootedDir mount_root(const RootPlan& plan, const PreparedRoot& prepared, const InitSync& sync) {
    sys::attach_mount(prepared.directory.get(), sys::open_file(kStage, O_PATH | O_DIRECTORY).get(), kStage);
    const sys::Fd dir = sys::open_file(kStage, O_PATH | O_DIRECTORY);
    if (prepared.source) {
        const auto target = sys::open_at(dir.get(), "merged", O_PATH | O_DIRECTORY);
        sys::attach_mount(prepared.source.get(), target.get(), std::get<DirectoryRoot>(plan.source).path);
    } else {
        mount_image(plan, dir.get(), prepared.views, sync);
    }
    return sys::RootedDir(sys::open_at(dir.get(), "merged", O_PATH | O_DIRECTORY));
}

}  // namespace rpod::runtime
