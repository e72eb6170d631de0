// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/auto_range.hh"

#include <algorithm>
#include <optional>

#include "base/error.hh"
#include "base/strings.hh"
#include "store/lock.hh"
#include "store/names.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr const char* kFile = "auto-range";
constexpr uint32_t kDefaultSize = 1024;

std::optional<userns::MapRange> read_range(const std::filesystem::path& directory) {
    const auto text = sys::find_file(directory / kFile);
    if (!text) return std::nullopt;
    const auto fields = split(trim(*text), ' ');
    if (fields.size() != 2) return std::nullopt;
    const auto first = parse_uint(fields[0], UINT32_MAX);
    const auto size = parse_uint(fields[1], UINT32_MAX);
    if (!first || !size) return std::nullopt;
    return userns::MapRange{.first = static_cast<uint32_t>(*first), .size = static_cast<uint32_t>(*size)};
}

/// Sorted by their first ID.
std::vector<userns::MapRange> taken_ranges(const store::Paths& paths) {
    std::vector<userns::MapRange> taken;
    for (const auto& directory : {paths.containers(), paths.pods()}) {
        for (const auto& id : store::record_ids(directory)) {
            if (const auto range = read_range(directory / id)) taken.push_back(*range);
        }
    }
    std::sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    return taken;
}

/// How many subordinate IDs there are of both kinds.
uint64_t subordinate_ids(const UsernsConfig& userns) {
    const auto maps =
        userns::plan_session_maps(userns::current_identity(), userns.subuid_name, userns.subgid_name);
    return std::min(maps.uids.count(), maps.gids.count()) - 1;
}

}  // namespace

userns::MapRange claim_range(const store::Paths& paths, const UsernsConfig& userns,
                             const std::filesystem::path& directory) {
    if (!userns.uid_maps.empty() || !userns.gid_maps.empty()) {
        throw Error("--userns=auto: the options uidmapping and gidmapping are not supported yet");
    }
    const uint32_t size = userns.size.value_or(kDefaultSize);
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    // What it has written is owned by the IDs that it had before.
    if (const auto own = read_range(directory)) return *own;
    uint64_t first = 1;
    for (const auto& range : taken_ranges(paths)) {
        if (first + size <= range.first) break;
        first = std::max<uint64_t>(first, uint64_t{range.first} + range.size);
    }
    const uint64_t all = subordinate_ids(userns);
    if (first + size > all + 1) {
        throw Error("--userns=auto: no {} of the user's {} subordinate IDs are left in one run", size, all)
            .with_hint("ask for fewer (auto:size=N), or remove containers that were made with --userns=auto");
    }
    sys::replace_file(directory / kFile, fmt::format("{} {}\n", first, size));
    return {.first = static_cast<uint32_t>(first), .size = size};
}

}  // namespace rpod::container
