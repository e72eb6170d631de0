// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "container/config.hh"
#include "oci/image_config.hh"
#include "oci/runtime_spec.hh"

namespace rpod::container {

/// What the step to the runtime spec must know of this machine and of what was prepared for this container.
/// Collected by the caller; nothing here is looked up again.
struct HostFacts {
    std::string rootfs;  ///< where the root file system will be: the spec's root.path
    std::string hostname;
    uint32_t caller_uid = 0;  ///< who runs rpod
    uint32_t caller_gid = 0;
    /// Those of the kernel: "CAP_CHOWN", …
    std::vector<std::string> capabilities;
    uint64_t nofile_limit = 1 << 20;  ///< the caller's hard limits
    uint64_t nproc_limit = 1 << 22;
    bool selinux = false;      ///< SELinux is on: labels would matter
    bool has_mqueue = true;    ///< the host has /dev/mqueue (needed for --ipc host)
    bool own_cgroupns = true;  ///< cgroup v2: a cgroup namespace hides the host's tree

    /// Files made for this container, to be bound over those of the image; empty: leave the image's.
    std::string hosts_file, resolv_conf_file, hostname_file, containerenv_file;
    /// The directory of each volume, by the destination in the container.
    std::map<std::string, std::string> volumes;
    /// Device nodes of the host that --privileged binds: what the caller can open, without terminals.
    std::vector<std::string> devices;

    /// The pod's user namespace; without lines none is made.
    std::vector<oci::IdMapping> uid_map, gid_map;
    /// Namespaces to join: for every container:NAME the path of its namespace, those of the pod, and what was
    /// made beforehand.
    std::map<oci::NamespaceType, std::string> namespaces;
    /// --ipc container: that container's /dev/shm and /dev/mqueue. In a pod: its /dev/shm.
    std::string shared_shm, shared_mqueue;
};

/// The runtime spec of a container: what was asked, above what the image says, above podman's defaults. Pure:
/// the same input always gives the same spec.
///
/// Mount options beyond those of mount(8) that the runtime must know: "tmpcopyup" (a tmpfs starts with what
/// the image holds there), "U" (the source, or the tmpfs, is given to the container's user).
/// @param image  null with --rootfs
/// @throws Error where the two do not go together, or nothing is to be run
oci::RuntimeSpec make_spec(const ContainerConfig& config, const oci::RunConfig* image,
                           const HostFacts& facts);

/// What of this the caller needs beforehand, to prepare it
/// ------------------------------------------------------------

/// All mounts: the config's, then the image's volumes that it does not replace (as anonymous volumes or
/// tmpfs, or not at all). The caller finds or makes the directory of each VolumeMount. @throws Error for an
/// image volume over /proc, /sys or /dev
std::vector<Mount> effective_mounts(const ContainerConfig& config, const oci::RunConfig* image);

/// The host name that the container sees.
std::string container_hostname(const ContainerConfig& config, const std::string& host_hostname);

/// The signal that stops it: the config's, the image's, else SIGTERM.
int stop_signal(const ContainerConfig& config, const oci::RunConfig* image);

/// /run/.containerenv, by which programs tell that they run in a container (and toolbox, distrobox find its
/// name).
std::string containerenv(const ContainerConfig& config, const std::string& image_name,
                         const std::string& image_id, const std::string& version);

}  // namespace rpod::container
