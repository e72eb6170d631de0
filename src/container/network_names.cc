// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_names.hh"

#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "net/name_table.hh"

namespace rpod::container {
namespace {

constexpr size_t kShortId = 12;

}  // namespace

std::string name_table_text(const std::vector<NamedPod>& pods) {
    std::string text;
    // What belongs to one pod: its name before all, then its ID.
    std::set<std::string> owned;
    const auto add = [&](const NamedPod& pod, const std::string& name) {
        if (!name.empty() && text.size() + name.size() < net::NameTable::kMaxText)
            text += fmt::format("{} {}\n", pod.address, name);
    };
    const auto own = [&](const NamedPod& pod, std::string name) {
        name = to_lower(name);
        if (owned.insert(name).second) add(pod, name);
    };
    for (const auto& pod : pods) own(pod, pod.name);
    for (const auto& pod : pods) own(pod, pod.id.substr(0, kShortId));
    for (const auto& pod : pods) {
        for (const auto& alias : pod.aliases) {
            const auto name = to_lower(alias);
            if (!owned.contains(name)) add(pod, name);
        }
    }
    return text;
}

}  // namespace rpod::container
