// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>

#include "cli/context.hh"
#include "container/config.hh"
#include "runtime/storage_driver.hh"
#include "store/paths.hh"

namespace rpod::cli {

/// The driver that --storage-driver, or else $STORAGE_DRIVER, names; nothing for auto. podman's "vfs" is
/// copy.
/// @throws Error for others
std::optional<runtime::StorageDriver> named_storage_driver(const Context& ctx);

/// Chooses the driver of a container that is about to be made.
void choose_storage_driver(const Context& ctx, const store::Paths& paths, container::ContainerConfig& config);

}  // namespace rpod::cli
