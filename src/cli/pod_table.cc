// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/pods.hh"
#include "pod/record.hh"

namespace rpod::cli {

const pod::PodConfig* PodTable::find(const container::ContainerConfig& config) {
    if (config.pod.empty()) return nullptr;
    const auto [it, fresh] = pods_.try_emplace(config.pod);
    if (fresh) it->second = pod::find_record(paths_, config.pod);
    return it->second ? &*it->second : nullptr;
}

}  // namespace rpod::cli
