// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/mounts.hh"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <optional>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "runtime/copy_tree.hh"
#include "runtime/foreign_mount.hh"
#include "runtime/mount_options.hh"
#include "sys/file.hh"
#include "sys/mount.hh"

namespace rpod::runtime {
namespace {

bool is_directory(int fd) {
    struct stat st {};
    check(::fstat(fd, &st), "stat a mount source");
    return S_ISDIR(st.st_mode);
}

/// The file that a file is bound on; made empty where it is missing.
sys::Fd make_file(const sys::RootedDir& root, const std::string& path) {
    if (auto found = root.find(path, O_PATH)) return std::move(*found);
    const size_t slash = path.find_last_of('/');
    if (slash != std::string::npos && slash > 0) root.make_dirs(path.substr(0, slash));
    return root.open(path, O_RDONLY | O_CREAT | O_NOCTTY | O_NONBLOCK, 0644);
}

/// A link of the image's must not lead a mount into /proc or /sys: that could unmask what is masked, or feed
/// our own writes (CVE-2019-16884, CVE-2025-52881). What the spec itself puts there is named so.
void require_plain_target(int target, const std::string& path) {
    const long type = sys::filesystem_type(target);
    const auto names = [&](const std::string& top) { return path == top || path.starts_with(top + "/"); };
    if ((type == PROC_SUPER_MAGIC && !names("/proc")) || (type == SYSFS_MAGIC && !names("/sys"))) {
        throw Error("mount on '{}': the image has a link there that leads into {}", printable(path),
                    type == SYSFS_MAGIC ? "/sys" : "/proc");
    }
}

sys::Fd make_target(const sys::RootedDir& root, const std::string& path, bool directory) {
    // An O_PATH descriptor again: what was there may be a device or a fifo, which nobody must open.
    if (!directory) make_file(root, path);
    auto target = directory ? root.make_dirs(path) : root.open(path, O_PATH);
    require_plain_target(target.get(), path);
    if (is_directory(target.get()) != directory) {
        throw Error("mount on '{}': it is {} in the image", path,
                    directory ? "not a directory" : "a directory");
    }
    return target;
}

/// A readable descriptor of a directory, where it is one and is empty.
std::optional<sys::Fd> open_empty_directory(const sys::Fd& source) {
    if (!is_directory(source.get())) return std::nullopt;
    auto dir = sys::open_at(source.get(), ".", O_RDONLY | O_DIRECTORY);
    if (!is_empty_directory(dir.get())) return std::nullopt;
    return dir;
}

/// "tmpcopyup": only where there is nothing yet (CVE-2020-1726), through descriptors alone.
void fill_from_image(const oci::Mount& mount, const sys::Fd& source, const sys::RootedDir& root) {
    const auto to = open_empty_directory(source);
    const auto from = root.find(mount.destination, O_RDONLY | O_DIRECTORY);
    if (to && from) copy_tree(from->get(), to->get());
}

void give_to_user(const sys::Fd& source, const ContainerUser& user) {
    if (!is_directory(source.get())) {
        check(::fchownat(source.get(), "", user.uid, user.gid, AT_EMPTY_PATH),
              "set the owner of a mounted file");
        return;
    }
    chown_tree(sys::open_at(source.get(), ".", O_RDONLY | O_DIRECTORY).get(), user.uid, user.gid);
}

void bind(const oci::Mount& mount, const MountOptions& options, const sys::Fd& source,
          const sys::RootedDir& root, const ContainerUser& user) {
    if (options.copy_up) fill_from_image(mount, source, root);
    if (options.chown) give_to_user(source, user);
    const auto target = make_target(root, mount.destination, is_directory(source.get()));
    sys::attach_changed_mount(source.get(), target.get(), options.attributes_set, options.attributes_clear,
                              mount.destination);
    // A slave by default, so that nothing the container mounts travels out (podman's rprivate keeps host
    // mounts out as well).
    const auto attached = root.open(mount.destination, O_PATH);
    sys::set_propagation(attached.get(), options.propagation ? options.propagation : MS_PRIVATE | MS_REC,
                         mount.destination);
}

void mount_cgroup(const oci::Mount& mount, const MountOptions& options, const sys::RootedDir& root) {
    const auto target = make_target(root, mount.destination, true);
    try {
        sys::mount_on("cgroup2", "cgroup2", target.get(), mount.destination, options.flags, "");
    } catch (const SysError& e) {
        // Hosts without a cgroup2 hierarchy, and containers in which it is masked: an empty directory tells
        // programs the same.
        log::debug("{}; an empty directory takes its place", e.what());
        sys::mount_on("tmpfs", "tmpfs", target.get(), mount.destination,
                      MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=0");
    }
}

Error explain_proc_failure(const SysError& e) {
    return Error("mount proc on '/proc': {}", e.what())
        .with_hint(
            "the kernel wants a /proc without masked paths here: inside a container, start the outer one "
            "with "
            "--security-opt unmask=ALL (podman) or --security-opt systempaths=unconfined (docker)");
}

/// What the image has at the place of a tmpfs, while it can still be seen.
std::optional<sys::Fd> open_covered(const oci::Mount& mount, const MountOptions& options,
                                    const sys::RootedDir& root) {
    if (!options.copy_up) return std::nullopt;
    return root.find(mount.destination, O_RDONLY | O_DIRECTORY);
}

std::string without_group(const std::string& data) {
    std::vector<std::string> kept;
    for (const auto option : split(data, ',')) {
        if (!option.starts_with("gid=")) kept.emplace_back(option);
    }
    return join(kept, ",");
}

void mount_file_system(const oci::Mount& mount, const MountOptions& options, const sys::RootedDir& root,
                       const ContainerUser& user) {
    const auto covered = open_covered(mount, options, root);
    const auto target = make_target(root, mount.destination, true);
    const std::string source = mount.source.empty() ? mount.type : mount.source;
    // What is filled is made read-only only after that.
    const auto flags = covered ? options.flags & ~static_cast<unsigned long>(MS_RDONLY) : options.flags;
    try {
        sys::mount_on(mount.type, source, target.get(), mount.destination, flags, options.data);
    } catch (const SysError& e) {
        if (mount.type == "proc" && e.is(EPERM)) throw explain_proc_failure(e);
        if (mount.type != "devpts" || !e.is(EINVAL)) throw;
        // Where the map has no group tty (one ID, say), terminals belong to their user's group.
        sys::mount_on(mount.type, source, target.get(), mount.destination, flags,
                      without_group(options.data));
    }
    if (!covered && !options.chown && !options.propagation) return;
    const auto mounted = root.open(mount.destination, O_RDONLY | O_DIRECTORY);
    if (covered) copy_tree(covered->get(), mounted.get());
    if (options.chown) chown_tree(mounted.get(), user.uid, user.gid);
    if (flags != options.flags)
        sys::change_mount(mounted.get(), MOUNT_ATTR_RDONLY, 0, false, mount.destination);
    if (options.propagation) sys::set_propagation(mounted.get(), options.propagation, mount.destination);
}

void remount(const oci::Mount& mount, const MountOptions& options, const sys::RootedDir& root) {
    const auto target = root.open(mount.destination, O_PATH);
    require_plain_target(target.get(), mount.destination);
    if (options.bind) {
        sys::change_mount(target.get(), options.attributes_set, options.attributes_clear, false,
                          mount.destination);
    } else {
        sys::mount_on(mount.type.empty() ? "none" : mount.type, mount.source, target.get(), mount.destination,
                      options.flags | MS_REMOUNT, options.data);
    }
    if (options.propagation) sys::set_propagation(target.get(), options.propagation, mount.destination);
}

sys::Fd open_bind_source(const std::string& source) {
    if (const auto foreign = parse_foreign_path(source)) return clone_foreign_mount(*foreign);
    return sys::clone_mount(AT_FDCWD, source, true);
}

}  // namespace

std::vector<sys::Fd> open_bind_sources(const oci::RuntimeSpec& spec) {
    std::vector<sys::Fd> sources;
    sources.reserve(spec.mounts.size());
    for (const auto& mount : spec.mounts) {
        const auto options = parse_mount_options(mount.options);
        const bool binds = (options.bind || mount.type == "bind") && !options.remount;
        sources.push_back(binds ? open_bind_source(mount.source) : sys::Fd());
    }
    return sources;
}

void mount_all(const oci::RuntimeSpec& spec, const std::vector<sys::Fd>& bind_sources,
               const sys::RootedDir& root, const ContainerUser& user) {
    for (size_t i = 0; i < spec.mounts.size(); ++i) {
        const auto& mount = spec.mounts[i];
        const auto options = parse_mount_options(mount.options);
        if (options.remount) {
            remount(mount, options, root);
        } else if (bind_sources[i]) {
            bind(mount, options, bind_sources[i], root, user);
        } else if (mount.type == "cgroup" || mount.type == "cgroup2") {
            mount_cgroup(mount, options, root);
        } else {
            mount_file_system(mount, options, root, user);
        }
    }
}

}  // namespace rpod::runtime
