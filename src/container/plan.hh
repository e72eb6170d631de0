// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <optional>

#include "container/config.hh"
#include "image/image_store.hh"
#include "runtime/plan.hh"
#include "store/paths.hh"

namespace rpod::container {

/// From what was asked to what the runtime executes: collects the facts of this machine, makes the
/// container's files and volumes, opens its image, compiles its seccomp filter. In the command, before
/// anything is forked. Writes spec.json.
/// @param image  null with --rootfs
/// @param directory  containers/ID
runtime::LaunchPlan make_plan(const store::Paths& paths, const ContainerConfig& config,
                              const image::Image* image, const image::ImageStore& images,
                              const std::filesystem::path& directory);

/// The image that a container was made of, and the name that was used for it; nothing with --rootfs.
/// @throws Error where it is gone
std::optional<image::Image> find_image(const image::ImageStore& images, const ContainerConfig& config);

/// A plan for the root file system alone, to be launched and never started: no volume, no network, nothing of
/// the host below it. Writes no record.
runtime::LaunchPlan make_root_plan(const store::Paths& paths, const ContainerConfig& config,
                                   const image::Image* image, const image::ImageStore& images,
                                   const std::filesystem::path& directory);

/// A payload's terminal begins with the size of the caller's: what the payload asks for first is then right.
void take_console_size(oci::RuntimeSpec& spec);

}  // namespace rpod::container
