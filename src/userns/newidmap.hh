// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include "userns/id_map.hh"
#include "userns/identity.hh"

namespace rpod::userns {

/// Whether newuidmap and newgidmap can be used here at all, without running them. @throws Error that names
/// the cause and the fix: not installed, neither set-ID nor with the file capability, no_new_privs, a nosuid
/// mount
void require_newidmap();

/// Runs newuidmap and newgidmap side by side on the user namespace of `pid`, a child of this process that has
/// made one and waits.
/// @throws Error with their words and, where the cause can be told, the fix
void write_maps_with_helpers(pid_t pid, const IdMap& uids, const IdMap& gids, const Identity& me);

/// Writes a map of the one ID of the caller, which needs no privilege (user_namespaces(7)): setgroups is
/// denied first.
void write_single_map(pid_t pid, const IdMap& uids, const IdMap& gids);

}  // namespace rpod::userns
