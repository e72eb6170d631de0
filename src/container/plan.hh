// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "container/config.hh"
#include "container/spec.hh"
#include "image/image_store.hh"
#include "runtime/plan.hh"
#include "store/paths.hh"
#include "userns/identity.hh"
#include "userns/pod_map.hh"

namespace rpod::container {

/// Who has the container made, and where: what only the command can tell. A pod's monitor, which plans its
/// members, is another user than that (the root of the session), and was told by the command that started it.
struct Origin {
    HostFacts facts;      ///< of the machine and the caller; with the namespaces of other containers
    userns::Identity me;  ///< asked for where the map shows the caller (keep-id)
    std::string group;    ///< the name of the caller's group, likewise; empty: it has none
    /// With nothing of other containers (find_foreign_namespaces).
    static Origin here(const UsernsConfig& userns);
};

/// What a pod gives a member.
struct PodShare {
    userns::MapRequest id_map;                               ///< of the pod's user namespace
    std::map<oci::NamespaceType, std::string> namespaces{};  ///< paths for the process that launches
    std::string shm;                                         ///< its /dev/shm; empty: IPC is not shared
    std::string hostname;                                    ///< where UTS is shared
    /// Its network's files, where that is shared; empty: leave the image's.
    std::string hosts_file, resolv_conf_file;
};

/// From what was asked to what the runtime executes: collects the facts of this machine, makes the
/// container's files and volumes, opens its image, compiles its seccomp filter. In the command, before
/// anything is forked, or in the monitor of its pod. Writes spec.json.
/// @param image  null with --rootfs
/// @param directory  containers/ID
/// @param pod  null for a lone container
runtime::LaunchPlan make_plan(const store::Paths& paths, const ContainerConfig& config,
                              const image::Image* image, const image::ImageStore& images,
                              const std::filesystem::path& directory, const Origin& origin,
                              const PodShare* pod);

/// The network that a lone container or a pod gets of its own.
runtime::NetworkPlan plan_network(const store::Paths& paths, const ContainerConfig& config);

/// The map of the user namespace of a lone container or a pod.
/// @param directory  that of its records, where a range that is taken is noted
userns::MapRequest plan_maps(const store::Paths& paths, const UsernsConfig& userns, const HostFacts& facts,
                             const std::filesystem::path& directory);

/// The image that a container was made of; nothing with --rootfs.
/// @throws Error where it is gone
std::optional<image::Image> find_image(const image::ImageStore& images, const ContainerConfig& config);

/// What of a container's image is made when it is used for the first time: its index, which threads build,
/// and its tree, where the driver wants one, which another process unpacks. In a command alone.
void prepare_image(const ContainerConfig& config, const image::Image& image, const image::ImageStore& images);

/// A plan for the root file system alone, to be launched and never started: no volume, no network, nothing of
/// the host below it. Writes no record.
runtime::LaunchPlan make_root_plan(const store::Paths& paths, const ContainerConfig& config,
                                   const image::Image* image, const image::ImageStore& images,
                                   const std::filesystem::path& directory);

/// A payload's terminal begins with the size of the caller's: what the payload asks for first is then right.
void take_console_size(oci::RuntimeSpec& spec);

}  // namespace rpod::container
