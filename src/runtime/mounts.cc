// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/mounts.hh"

#include <sys/mount.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "base/log.hh"
#include "runtime/mount_options.hh"
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

sys::Fd make_target(const sys::RootedDir& root, const std::string& path, bool directory) {
    // An O_PATH descriptor again: what was there may be a device or a fifo, which nobody must open.
    if (!directory) make_file(root, path);
    auto target = directory ? root.make_dirs(path) : root.open(path, O_PATH);
    if (is_directory(target.get()) != directory) {
        throw Error("mount on '{}': it is {} in the image", path,
                    directory ? "not a directory" : "a directory");
    }
    return target;
}

void bind(const oci::Mount& mount, const MountOptions& options, const sys::Fd& source,
          const sys::RootedDir& root) {
    const auto target = make_target(root, mount.destination, is_directory(source.get()));
    // Flags first: there is no moment at which the container's tree holds the mount without them.
    sys::change_mount(source.get(), options.attributes_set, options.attributes_clear, true,
                      mount.destination);
    sys::attach_mount(source.get(), target.get(), mount.destination);
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

void mount_file_system(const oci::Mount& mount, const MountOptions& options, const sys::RootedDir& root) {
    const auto target = make_target(root, mount.destination, true);
    const std::string source = mount.source.empty() ? mount.type : mount.source;
    try {
        sys::mount_on(mount.type, source, target.get(), mount.destination, options.flags, options.data);
    } catch (const SysError& e) {
        if (mount.type == "proc" && e.is(EPERM)) throw explain_proc_failure(e);
        throw;
    }
    if (options.propagation) {
        sys::set_propagation(root.open(mount.destination, O_PATH).get(), options.propagation,
                             mount.destination);
    }
}

}  // namespace

std::vector<sys::Fd> open_bind_sources(const LaunchPlan& plan) {
    std::vector<sys::Fd> sources;
    sources.reserve(plan.spec.mounts.size());
    for (const auto& mount : plan.spec.mounts) {
        const bool binds = parse_mount_options(mount.options).bind || mount.type == "bind";
        sources.push_back(binds ? sys::clone_mount(AT_FDCWD, mount.source, true) : sys::Fd());
    }
    return sources;
}

void mount_all(const LaunchPlan& plan, const std::vector<sys::Fd>& bind_sources, const sys::RootedDir& root) {
    for (size_t i = 0; i < plan.spec.mounts.size(); ++i) {
        const auto& mount = plan.spec.mounts[i];
        const auto options = parse_mount_options(mount.options);
        if (bind_sources[i]) {
            bind(mount, options, bind_sources[i], root);
        } else if (mount.type == "cgroup" || mount.type == "cgroup2") {
            mount_cgroup(mount, options, root);
        } else {
            mount_file_system(mount, options, root);
        }
    }
}

}  // namespace rpod::runtime
