// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hh"
#include "cli/command.hh"
#include "image/image_store.hh"

/// What `pod prune`, `container prune`, `image prune`, `volume prune` and `system prune` remove. Filters are
/// those of ps, images and volume ls. @throws Error for a filter that makes no sense, before anything is
/// removed
namespace rpod::cli {

struct Pruned {
    std::vector<std::string> names;  ///< of volumes; of others the IDs
    uint64_t bytes = 0;              ///< what they took, where it was measured
    std::vector<Error> failures;     ///< those that stay
};

/// Measuring takes a process that looks at every file.
enum class Measure { no, yes };

/// Pods that have ended, with their containers. @param filters  those of pod ps
Pruned prune_pods(const store::Paths& paths, const Args& filters);

/// Containers that do not run.
Pruned prune_containers(const image::ImageStore& store, const Args& filters, Measure measure);

/// Images that no container uses, those without a name or `all`.
Pruned prune_images(const image::ImageStore& store, const Args& filters, bool all);

/// Volumes that no container uses.
std::vector<std::string> unused_volumes(const store::Paths& paths, const Args& filters);
Pruned prune_volumes(const store::Paths& paths, const Args& filters, Measure measure);

/// The bytes of all layers of these images, each counted once.
uint64_t layer_bytes(const std::vector<image::Image>& images);

}  // namespace rpod::cli
