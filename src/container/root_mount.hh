// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "container/unshare_shell.hh"
#include "store/paths.hh"

/// Root file systems of containers, mounted for the commands within `rpod unshare` (rpod-mount(1)). Each has
/// one process rpod:mount (container/root_holder.hh), whose lock on the container's file `mounted` says that
/// it is: with that process, or with its `rpod unshare`, it goes.
namespace rpod::container {

constexpr const char* kMountLock = "mounted";

struct RootMount {
    std::string id;
    std::filesystem::path path;
};

/// Mounts it, or counts once more where this `rpod unshare` has done so already. @return where it shows there
/// @throws Error where another `rpod unshare` has it, or its files cannot be shown there
std::filesystem::path mount_root(const store::Paths& paths, const std::string& id, const UnshareShell& shell);

/// The opposite: unmounts it when that was said as often as mount_root, or at once with `force`.
/// @throws Error where it is not mounted in this `rpod unshare`
void unmount_root(const store::Paths& paths, const std::string& id, const UnshareShell& shell, bool force);

/// What this `rpod unshare` has mounted.
std::vector<RootMount> list_root_mounts(const store::Paths& paths, const UnshareShell& shell);

/// Unmounts what an `rpod unshare` that ends has left.
void end_root_mounts(const store::Paths& paths, const UnshareShell& shell);

/// Unmounts it wherever it is mounted, and returns when it is. The caller has locked the container.
void end_root_mount(const std::filesystem::path& directory);

/// For whoever is about to mount its writable layer. @throws Error where `rpod mount` has done so
void require_unmounted(const std::filesystem::path& directory);

}  // namespace rpod::container
