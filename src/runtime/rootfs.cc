// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/rootfs.hh"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "runtime/private_tree.hh"
#include "sys/file.hh"
#include "sys/mount.hh"
#include "userns/launcher.hh"

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

constexpr const char* kOtherDriver = "--storage-driver unpacked, or copy, does without it";

Error explain_fuse_failure(const SysError& e) {
    return Error("mount the root file system: the image cannot be shown by FUSE ({})", e.what())
        .with_hint(kOtherDriver);
}

Error explain_overlay_failure(const SysError& e) {
    if (e.is(EPERM) || e.is(ENODEV)) {
        return Error(
                   "mount the root file system: this kernel does not allow overlayfs in a user namespace "
                   "({})",
                   e.what())
            .with_hint(
                "Linux 5.11 or later is needed, with the module overlay loaded; --storage-driver fuse, or "
                "copy, does "
                "without it");
    }
    if (e.is(EINVAL) || e.is(EOPNOTSUPP)) {
        return Error(
                   "mount the root file system: overlayfs does not take the store's file system for its "
                   "upper layer ({})",
                   e.what())
            .with_hint(
                "keep the store on a local file system with user xattrs (ext4, xfs, btrfs, tmpfs): --root "
                "DIR; or --storage-driver copy");
    }
    return Error("mount the root file system: {}", e.what());
}

/// Relative names: no path of the store shows in the mount's options.
void mount_overlayfs(const RootPlan& root, int dir, const std::string& lowers) {
    check(::fchdir(dir), "enter '{}'", root.directory);
    const auto options = fmt::format("lowerdir={},upperdir=upper,workdir=work,userxattr{}", lowers,
                                     root.volatile_upper ? ",volatile" : "");
    try {
        check(::mount("overlay", "merged", "overlay", 0, options.c_str()), "mount overlayfs");
    } catch (const SysError& e) {
        throw explain_overlay_failure(e);
    }
}

/// Shows the image by FUSE. @return the mount points, topmost first
std::vector<std::string> mount_views(int dir, const std::vector<overlay::View>& views, const InitSync& sync) {
    std::vector<sys::Fd> connections;
    std::vector<int> borrowed;
    std::vector<std::string> names;
    for (size_t i = 0; i < views.size(); ++i) {
        names.push_back(lower_name(i));
        try {
            connections.push_back(overlay::mount_fuse(dir, names.back().c_str(), "rpod"));
        } catch (const SysError& e) {
            throw explain_fuse_failure(e);
        }
        borrowed.push_back(connections.back().get());
    }
    // Closed here: who launches holds them for the servers, and where both are dead nobody waits for an
    // answer.
    sync.fuse_mounted(borrowed);
    return names;
}

/// rpod's own overlay, which another process serves.
void mount_own_overlay(int dir, const InitSync& sync) {
    sys::Fd fuse;
    try {
        fuse = overlay::mount_fuse(dir, "merged", {.source = "rpod", .subtype = "rpod"});
    } catch (const SysError& e) {
        throw explain_fuse_failure(e);
    }
    const auto user = sys::open_file("/proc/self/ns/user", O_RDONLY);
    const auto upper = sys::open_at(dir, "upper", O_PATH | O_DIRECTORY);
    const auto work = sys::open_at(dir, "work", O_PATH | O_DIRECTORY);
    sync.overlay_mounted({fuse.get(), user.get(), upper.get(), work.get()});
}

void mount_unpacked(const RootPlan& plan, const PreparedRoot& prepared, int dir,
                    const userns::PodMaps& maps) {
    if (prepared.source) {
        const auto lower = sys::open_at(dir, lower_name(0), O_PATH | O_DIRECTORY);
        sys::attach_mount(prepared.source.get(), lower.get(), "the image's tree");
        return mount_overlayfs(plan, dir, lower_name(0));
    }
    open_private_tree(dir, std::get<ImageRoot>(plan.source), maps, !plan.volatile_upper);
    mount_overlayfs(plan, dir, fmt::format("{}/{}", kTreeDir, kTreeRoot));
}

void mount_copy(const RootPlan& plan, int dir, const userns::PodMaps& maps) {
    const auto tree = open_private_tree(dir, std::get<ImageRoot>(plan.source), maps, !plan.volatile_upper);
    const auto target = sys::open_at(dir, "merged", O_PATH | O_DIRECTORY);
    sys::attach_mount(sys::clone_mount(tree.get(), false).get(), target.get(), "the container's tree");
}

void mount_image(const RootPlan& plan, const PreparedRoot& prepared, int dir, const userns::PodMaps& maps,
                 const InitSync& sync) {
    switch (std::get<ImageRoot>(plan.source).driver) {
        case StorageDriver::overlay:
            mount_overlayfs(plan, dir, join(mount_views(dir, prepared.views, sync), ":"));
            break;
        case StorageDriver::fuse:
            mount_own_overlay(dir, sync);
            break;
        case StorageDriver::unpacked:
            mount_unpacked(plan, prepared, dir, maps);
            break;
        case StorageDriver::copy:
            mount_copy(plan, dir, maps);
            break;
    }
    // One listing tells the kernel the top directory's names, which would each be asked for on the way to the
    // first program.
    if (const auto top = sys::find_at(dir, "merged", O_RDONLY | O_DIRECTORY)) (void)sys::list_dir(top->get());
}

/// What an earlier `rpod mount` has left on it goes: here by an unmount, in all other mount namespaces with
/// the directory (rmdir(2) detaches what is mounted there since Linux 3.18). The layer must not be mounted
/// twice.
void renew_mount_point(int dir, const RootPlan& plan) {
    ::umount2((plan.directory + "/merged").c_str(), MNT_DETACH | UMOUNT_NOFOLLOW);
    ::unlinkat(dir, "merged", AT_REMOVEDIR);
}

/// A directory of the container's that belongs to the root of P. One that does is not touched: when it was
/// changed last has a meaning (private_tree.hh).
void make_given_dir(int dir, const RootPlan& plan, const char* name, const userns::PodMaps& maps) {
    make_dir_at(dir, name, 0755);
    const uint32_t uid = root_outside(maps.uids);
    const uint32_t gid = root_outside(maps.gids);
    struct stat st {};
    check(::fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW), "stat '{}/{}'", plan.directory, name);
    if (st.st_uid == uid && st.st_gid == gid) return;
    check(::fchownat(dir, name, uid, gid, AT_SYMLINK_NOFOLLOW), "give '{}/{}' to the container's root",
          plan.directory, name);
}

/// The tree that containers share; nothing where this one needs its own: it has another map, or the tree was
/// made under other maps of the session.
sys::Fd find_shared_tree(const ImageRoot& image) {
    if (image.tree.empty()) return {};
    const auto maps = sys::find_file(image.tree + "/maps");
    const auto own = userns::own_maps();
    if (!maps || *maps != own.uids.to_proc() + own.gids.to_proc()) return {};
    return sys::clone_mount(AT_FDCWD, image.tree + "/" + kTreeRoot, false);
}

void prepare_image(const RootPlan& plan, int dir, const userns::PodMaps& maps, PreparedRoot& prepared) {
    const auto& image = std::get<ImageRoot>(plan.source);
    bool own_tree = false;
    switch (image.driver) {
        case StorageDriver::overlay:
            prepared.views = overlay::wanted_views(image.index);
            break;
        case StorageDriver::fuse:
            break;
        case StorageDriver::unpacked:
            prepared.source = find_shared_tree(image);
            if (prepared.source) make_dir_at(dir, lower_name(0), 0755);
            own_tree = !prepared.source;
            break;
        case StorageDriver::copy:
            own_tree = true;
            break;
    }
    for (size_t i = 0; i < prepared.views.size(); ++i) make_dir_at(dir, lower_name(i), 0755);
    if (own_tree) make_given_dir(dir, plan, kTreeDir, maps);
    if (!has_layers(image.driver)) return;
    for (const char* name : {"upper", "work"}) make_given_dir(dir, plan, name, maps);
}

}  // namespace

PreparedRoot prepare_root(const RootPlan& plan, const userns::PodMaps& maps) {
    const sys::Fd dir = sys::open_file(plan.directory, O_PATH | O_DIRECTORY);
    renew_mount_point(dir.get(), plan);
    make_dir_at(dir.get(), "merged", 0755);
    PreparedRoot prepared;
    if (const auto* source = std::get_if<DirectoryRoot>(&plan.source)) {
        prepared.source = sys::clone_mount(AT_FDCWD, source->path, true);
    } else {
        prepare_image(plan, dir.get(), maps, prepared);
    }
    prepared.directory = sys::clone_mount(AT_FDCWD, plan.directory, false);
    return prepared;
}

namespace {

/// Any directory that every host has and that everybody may enter: until the pivot it is where the
/// container's own directory is found. The path to that may be closed to P, and a descriptor of another mount
/// namespace's mount takes no mounts.
constexpr const char* kStage = "/tmp";

/// Of a directory that its owner lets P's root enter by its path.
std::optional<sys::Fd> mount_in_place(const RootPlan& plan, const PreparedRoot& prepared) {
    const auto* source = std::get_if<DirectoryRoot>(&plan.source);
    if (!source || !source->in_place) return std::nullopt;
    try {
        const auto target = sys::open_file(source->path, O_PATH | O_DIRECTORY);
        sys::attach_mount(prepared.source.get(), target.get(), source->path);
        return sys::open_file(source->path, O_PATH | O_DIRECTORY);
    } catch (const SysError& e) {
        if (!e.is(EACCES)) throw;
        return std::nullopt;
    }
}

}  // namespace

sys::RootedDir mount_root(const RootPlan& plan, const PreparedRoot& prepared, const userns::PodMaps& maps,
                          const InitSync& sync) {
    if (auto in_place = mount_in_place(plan, prepared)) return sys::RootedDir(*std::move(in_place));
    sys::attach_mount(prepared.directory.get(), sys::open_file(kStage, O_PATH | O_DIRECTORY).get(), kStage);
    const sys::Fd dir = sys::open_file(kStage, O_PATH | O_DIRECTORY);
    if (const auto* source = std::get_if<DirectoryRoot>(&plan.source)) {
        const auto target = sys::open_at(dir.get(), "merged", O_PATH | O_DIRECTORY);
        sys::attach_mount(prepared.source.get(), target.get(), source->path);
    } else {
        mount_image(plan, prepared, dir.get(), maps, sync);
    }
    return sys::RootedDir(sys::open_at(dir.get(), "merged", O_PATH | O_DIRECTORY));
}

}  // namespace rpod::runtime
