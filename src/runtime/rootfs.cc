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

void mount_image(const RootPlan& root, const std::vector<overlay::View>& views, const InitSync& sync) {
    const sys::Fd dir = sys::open_file(root.directory, O_PATH | O_DIRECTORY);
    std::vector<sys::Fd> connections;
    std::vector<int> borrowed;
    std::string lowers;
    for (size_t i = 0; i < views.size(); ++i) {
        connections.push_back(overlay::mount_fuse(dir.get(), lower_name(i).c_str(), "rpod"));
        borrowed.push_back(connections.back().get());
        lowers += (i > 0 ? ":" : "") + lower_name(i);
    }
    sync.fuse_mounted(borrowed);
    // Closed here, so that the server's death ends the connection and nobody waits for an answer.
    connections.clear();
    // Relative names: no path of the store shows in the mount's options.
    check(::fchdir(dir.get()), "enter '{}'", root.directory);
    const auto options = fmt::format("lowerdir={},upperdir=upper,workdir=work,userxattr{}", lowers,
                                     root.volatile_upper ? ",volatile" : "");
    try {
        check(::mount("overlay", "merged", "overlay", 0, options.c_str()), "mount overlayfs");
    } catch (const SysError& e) {
        throw explain_overlay_failure(e);
    }
}

}  // namespace

void prepare_root(const LaunchPlan& plan, const userns::PodMaps& maps,
                  const std::vector<overlay::View>& views) {
    const sys::Fd dir = sys::open_file(plan.root.directory, O_PATH | O_DIRECTORY);
    for (size_t i = 0; i < views.size(); ++i) make_dir_at(dir.get(), lower_name(i), 0755);
    make_dir_at(dir.get(), "merged", 0755);
    if (!std::holds_alternative<ImageRoot>(plan.root.source)) return;
    for (const char* name : {"upper", "work"}) {
        make_dir_at(dir.get(), name, 0755);
        check(::fchownat(dir.get(), name, root_outside(maps.uids), root_outside(maps.gids),
                         AT_SYMLINK_NOFOLLOW),
              "give '{}/{}' to the container's root", plan.root.directory, name);
    }
}

sys::RootedDir mount_root(const LaunchPlan& plan, const std::vector<overlay::View>& views,
                          const InitSync& sync) {
    if (const auto* directory = std::get_if<DirectoryRoot>(&plan.root.source)) {
        const sys::Fd mount = sys::clone_mount(AT_FDCWD, directory->path, true);
        const sys::Fd target = sys::open_file(plan.root.directory + "/merged", O_PATH | O_DIRECTORY);
        sys::attach_mount(mount.get(), target.get(), directory->path);
    } else {
        mount_image(plan.root, views, sync);
    }
    return sys::RootedDir::open(plan.root.directory + "/merged");
}

}  // namespace rpod::runtime
