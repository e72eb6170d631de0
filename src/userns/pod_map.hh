// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "userns/id_map.hh"
#include "userns/launcher.hh"

/// The map of a pod's user namespace P, below the session's U (userns/launcher.hh). "Outside" is always U:
/// its 0 is the caller, its 1 the first subordinate ID.
namespace rpod::userns {

/// The default: P maps what U maps.
struct MapAll {};

/// The caller appears as uid:gid; the other IDs fill up from the bottom of the subordinate range.
struct MapKeepId {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::optional<uint32_t> size;  ///< of the whole map; nothing: all there is
};

/// The caller does not appear: P's 0 is the first subordinate ID.
struct MapWithoutCaller {};

/// A run of subordinate IDs: P's 0 is `first` of U.
struct MapRange {
    uint32_t first = 1;
    uint32_t size = 65536;
};

struct GivenExtent {
    IdExtent extent;
    bool outside_is_host = false;  ///< `outside` is an ID of the host, not of U
};
/// As given, --uidmap and --gidmap or a runtime spec.
struct MapGiven {
    std::vector<GivenExtent> uids;
    std::vector<GivenExtent> gids;
};

using MapRequest = std::variant<MapAll, MapKeepId, MapWithoutCaller, MapRange, MapGiven>;

struct PodMaps {
    IdMap uids;
    IdMap gids;
};

/// @param session  what U maps
/// @throws Error where U does not have the IDs that are asked for, with the reason where there is one
PodMaps resolve_pod_maps(const MapRequest& request, const SessionMaps& session);

/// Writes them for a process in a new user namespace. @param host_pid  as /proc counts it
void write_pod_maps(pid_t host_pid, const PodMaps& maps);

}  // namespace rpod::userns
