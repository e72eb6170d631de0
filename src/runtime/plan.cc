// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/plan.hh"

namespace rpod::runtime {

std::vector<int> descriptors_of(const LaunchPlan& plan) {
    std::vector<int> fds;
    if (const auto* image = std::get_if<ImageRoot>(&plan.root.source)) {
        for (const auto& blob : image->blobs) fds.push_back(blob.get());
    }
    return fds;
}

}  // namespace rpod::runtime
