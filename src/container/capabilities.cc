// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/capabilities.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/capability.hh"

namespace rpod::container {
namespace {

constexpr std::string_view kAll = "ALL";

bool contains(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

std::vector<std::string> default_capabilities() {
    return {"CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
            "CAP_KILL",    "CAP_NET_BIND_SERVICE", "CAP_SETFCAP",   "CAP_SETGID",
            "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};
}

std::string parse_capability(std::string_view text) {
    const std::string lower = to_lower(text);
    if (lower == "all" || lower == "cap_all") return std::string(kAll);
    const auto number = sys::find_capability(text);
    if (!number) throw Error("unknown capability: '{}'", printable(text));
    return sys::capability_name(*number);
}

void check_capability_changes(const std::vector<std::string>& add, const std::vector<std::string>& drop) {
    for (const auto& name : add) {
        if (contains(drop, name)) throw Error("capability '{}' cannot be both added and dropped", name);
    }
}

std::vector<std::string> adjust_capabilities(std::vector<std::string> base,
                                             const std::vector<std::string>& add,
                                             const std::vector<std::string>& drop,
                                             const std::vector<std::string>& all) {
    if (contains(drop, kAll)) base.clear();
    if (contains(add, kAll)) base = all;
    for (const auto& name : add) {
        if (name != kAll && !contains(base, name)) base.push_back(name);
    }
    base.erase(
        std::remove_if(base.begin(), base.end(), [&](const auto& name) { return contains(drop, name); }),
        base.end());
    std::sort(base.begin(), base.end());
    return base;
}

}  // namespace rpod::container
