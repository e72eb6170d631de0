// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/pod_map.hh"

#include <algorithm>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::userns {
namespace {

/// IDs of U besides the caller's.
uint32_t subordinate_count(const IdMap& session) { return static_cast<uint32_t>(session.count() - 1); }

IdMap keep_id(uint32_t kept, const std::optional<uint32_t>& size, const IdMap& session) {
    const uint32_t all = subordinate_count(session);
    uint32_t rest = all;
    if (size) {
        if (*size == 0 || *size - 1 > all) {
            throw Error("--userns=keep-id: size {} is more than the {} IDs there are", *size, all + 1);
        }
        rest = *size - 1;
    }
    const uint32_t below = std::min(kept, rest);
    std::vector<IdExtent> extents;
    if (below > 0) extents.push_back({.inside = 0, .outside = 1, .size = below});
    extents.push_back({.inside = kept, .outside = 0, .size = 1});
    if (rest > below) extents.push_back({.inside = kept + 1, .outside = below + 1, .size = rest - below});
    return IdMap(std::move(extents));
}

/// Where a single ID is all there is, the modes that want others say so in one way.
void require_range(const SessionMaps& session, const char* mode) {
    if (!session.single()) return;
    throw Error("--userns={}: only the user's own ID can be mapped: {}", mode, session.single_reason)
        .with_hint("as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
}

IdMap given(const std::vector<GivenExtent>& extents, const IdMap& session, IdKind kind) {
    std::vector<IdExtent> out;
    for (auto [extent, outside_is_host] : extents) {
        if (outside_is_host) {
            const auto inside_session = session.to_inside(extent.outside);
            if (!inside_session) {
                throw Error("map {} {} of the container: {} {} of the host is not one of the user's",
                            name(kind), extent.inside, name(kind), extent.outside);
            }
            extent.outside = *inside_session;
        }
        out.push_back(extent);
    }
    return IdMap(std::move(out));
}

struct Resolver {
    const SessionMaps& session;

    PodMaps operator()(const MapAll&) const { return {.uids = all(session.uids), .gids = all(session.gids)}; }

    PodMaps operator()(const MapKeepId& keep) const {
        return {.uids = keep_id(keep.uid, keep.size, session.uids),
                .gids = keep_id(keep.gid, keep.size, session.gids)};
    }

    PodMaps operator()(const MapWithoutCaller&) const {
        require_range(session, "nomap");
        return {.uids = range(1, subordinate_count(session.uids)),
                .gids = range(1, subordinate_count(session.gids))};
    }

    PodMaps operator()(const MapRange& wanted) const {
        require_range(session, "auto");
        return {.uids = range(wanted.first, wanted.size), .gids = range(wanted.first, wanted.size)};
    }

    PodMaps operator()(const MapGiven& maps) const {
        // One of the two alone stands for both, as podman has it.
        const auto& uids = maps.uids.empty() ? maps.gids : maps.uids;
        const auto& gids = maps.gids.empty() ? maps.uids : maps.gids;
        return {.uids = given(uids, session.uids, IdKind::uid),
                .gids = given(gids, session.gids, IdKind::gid)};
    }

    static IdMap all(const IdMap& of) { return range(0, static_cast<uint32_t>(of.count())); }
    static IdMap range(uint32_t first, uint32_t size) {
        return IdMap({{.inside = 0, .outside = first, .size = size}});
    }
};

}  // namespace

PodMaps resolve_pod_maps(const MapRequest& request, const SessionMaps& session) {
    auto maps = std::visit(Resolver{session}, request);
    return {.uids = maps.uids.fitted_to(session.uids, IdKind::uid),
            .gids = maps.gids.fitted_to(session.gids, IdKind::gid)};
}

void write_pod_maps(pid_t host_pid, const PodMaps& maps) {
    const auto proc = fmt::format("/proc/{}/", host_pid);
    sys::write_existing(proc + "uid_map", maps.uids.to_proc());
    sys::write_existing(proc + "gid_map", maps.gids.to_proc());
}

}  // namespace rpod::userns
