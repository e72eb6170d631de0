// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>
#include <vector>

#include "container/config.hh"

namespace rpod::container {

/// --pid, --uts, --cgroupns: "", private, host, container:NAME, ns:PATH, pod. @param flag  leads the error:
/// "pid"
NamespaceChoice parse_namespace(std::string_view text, std::string_view flag);
/// --ipc: the same, none and shareable (the default).
NamespaceChoice parse_ipc(std::string_view text);
/// Which network namespace --network means; what else it says is net/'s to read. "" and every network that is
/// made for the container (private, bridge, slirp4netns…) are private_.
NamespaceChoice network_namespace(const NetworkConfig& network);

/// --userns: "", host, private, keep-id[:uid=N,gid=N,size=N], nomap, auto[:size=N,uidmapping=…,gidmapping=…],
/// container:NAME, ns:PATH.
UsernsConfig parse_userns(std::string_view text);
/// One --uidmap or --gidmap: "INSIDE:[@]OUTSIDE[:COUNT]". @param flag  leads the error: "uidmap"
IdMapping parse_id_mapping(std::string_view text, std::string_view flag);

}  // namespace rpod::container
