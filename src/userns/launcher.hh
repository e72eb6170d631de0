// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "sys/fd.hh"
#include "userns/id_map.hh"
#include "userns/identity.hh"

/// How this works: all pods of a user live below one session user namespace, U. It maps the caller to 0 and
/// the whole subordinate range above, and is the only place where newuidmap and newgidmap are used. It is
/// found through any process that lives in it, and gone with the last:
///
///   - Every process that lives in U for long (a monitor, `rpod unshare`) holds a shared record lock on the
///   file `session`
///     of the store. F_GETLK on that file gives the pid of one of them, and /proc/PID/ns/user is U.
///   - Whoever finds no holder makes U, while it holds the exclusive lock on `session.lock`; so two commands
///   that start at once
///     share one U. Two with the same map must never coexist: pods in them could not share networks or
///     namespaces.
///
///     rpod (the command)                     launcher (child)
///       fork ──────────────────────────────▶ unshare(NEWUSER) or setns(U)
///       ◀───────────── userns_created ────── (new U only)
///       newuidmap ∥ newgidmap
///       ──────────────── id_map_written ───▶ become 0:0, unshare(NEWPID), fork ─▶ body, holds the session
///       ◀───────────── session_held ──────── ... from there
namespace rpod::userns {

/// What U maps.
struct SessionMaps {
    IdMap uids;
    IdMap gids;
    /// Why there is only the caller's own ID; empty where there is a range.
    std::string single_reason;
    bool single() const { return !single_reason.empty(); }
};

/// The maps that U gets, or has: one ID where the user has no subordinate range in either file.
/// @param subuid_name, subgid_name  --subuidname and --subgidname; empty for the user's own name
/// @throws Error for ranges that cannot be used
SessionMaps plan_session_maps(const Identity& me, const std::string& subuid_name = {},
                              const std::string& subgid_name = {});

/// Where the holders of U are known: two files of the store.
struct SessionFiles {
    std::filesystem::path creation_lock;  ///< "session.lock"
    std::filesystem::path holders;        ///< "session"
};

enum class Place {
    child,         ///< a child of this process
    detached,      ///< nobody's child, in our PID namespace
    pid_namespace  ///< nobody's child, PID 1 of a PID namespace that U owns
};

struct SpawnOptions {
    const char* role = "rpod:launcher";  ///< the name that ps shows for the body's process
    Place place = Place::child;
    std::string subuid_name;
    std::string subgid_name;
};

/// Runs body in U as its root, in a process of its own that holds the session while it lives, and ends with
/// its result. The process keeps the descriptors it inherits; it must not close `holder_fd`, or the session's
/// lock is dropped.
/// @return its pid where it is our child (no new PID namespace), else -1: it is nobody's child then, and ends
/// as it likes
/// @throws Error when U cannot be made or joined, with the fix
pid_t spawn_in_session(const SessionFiles& files, const Identity& me, const SpawnOptions& options,
                       const std::function<int(int holder_fd)>& body);

/// The maps of the namespace this process is in, as /proc/self shows them.
SessionMaps own_maps();

}  // namespace rpod::userns
