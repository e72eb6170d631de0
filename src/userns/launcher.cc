// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/launcher.hh"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "userns/explain.hh"
#include "userns/newidmap.hh"
#include "userns/subid.hh"

namespace rpod::userns {

SessionMaps plan_session_maps(const Identity& me, const std::string& subuid_name,
                              const std::string& subgid_name) {
    const auto uid_ranges = find_subids(IdKind::uid, subuid_name.empty() ? me.name : subuid_name, me.uid);
    const auto gid_ranges = find_subids(IdKind::gid, subgid_name.empty() ? me.name : subgid_name, me.uid);
    SessionMaps maps;
    if (uid_ranges.empty() || gid_ranges.empty()) {
        const auto owner = me.known ? me.name : std::to_string(me.uid);
        maps.single_reason =
            fmt::format("/etc/sub{} has no entry for {}", uid_ranges.empty() ? "uid" : "gid", owner);
        maps.uids = IdMap({{.inside = 0, .outside = me.uid, .size = 1}});
        maps.gids = IdMap({{.inside = 0, .outside = me.gid, .size = 1}});
        return maps;
    }
    maps.uids = session_map(IdKind::uid, me.uid, uid_ranges);
    maps.gids = session_map(IdKind::gid, me.gid, gid_ranges);
    return maps;
}

SessionMaps own_maps() {
    SessionMaps maps{.uids = IdMap::from_proc(sys::read_file("/proc/self/uid_map")),
                     .gids = IdMap::from_proc(sys::read_file("/proc/self/gid_map")),
                     .single_reason = {}};
    if (maps.uids.count() == 1)
        maps.single_reason = "the session's user namespace maps only the user's own ID";
    return maps;
}

namespace {

enum class Stage : uint32_t { userns_created = 1, id_map_written, session_held, failed };

const char* name(Stage stage) {
    switch (stage) {
        case Stage::userns_created:
            return "userns_created";
        case Stage::id_map_written:
            return "id_map_written";
        case Stage::session_held:
            return "session_held";
        case Stage::failed:
            return "failed";
    }
    return "?";
}

void expect(const sys::Channel& channel, Stage wanted) {
    const auto packet = channel.receive();
    if (!packet) throw Error("the launcher process ended before '{}'", name(wanted));
    const auto stage = static_cast<Stage>(packet->kind);
    if (stage == Stage::failed) {
        const size_t cut = packet->text.find('\n');
        if (cut == std::string::npos) throw Error(packet->text);
        throw Error(packet->text.substr(0, cut)).with_hint(packet->text.substr(cut + 1));
    }
    if (stage != wanted)
        throw Error("the launcher process said '{}' instead of '{}'", name(stage), name(wanted));
}

void send(const sys::Channel& channel, Stage stage, std::string_view text = {}) {
    channel.send(static_cast<uint32_t>(stage), text);
}

void send_failure(const sys::Channel& channel, const Error& e) {
    send(channel, Stage::failed, e.hint().empty() ? e.what() : fmt::format("{}\n{}", e.what(), e.hint()));
}

/// U, where it is there already.
struct Session {
    sys::Fd fd;            ///< empty: there is none
    bool is_ours = false;  ///< this process lives in it (`rpod unshare`): it cannot be joined again
    explicit operator bool() const { return static_cast<bool>(fd); }
};

bool is_own_user_namespace(int fd) {
    struct stat theirs {
    }, ours{};
    check(::fstat(fd, &theirs), "look at the session user namespace");
    check(::stat("/proc/self/ns/user", &ours), "look at the user namespace");
    return theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/// U of a living holder.
Session find_session(int holders) {
    const auto pid = sys::lock_holder(holders);
    if (!pid) return {};
    if (*pid == 0) {
        // It lives in a PID namespace that we cannot see into: a container on the same home, say.
        log::debug(
            "the session user namespace belongs to a process that is not visible here; making another");
        return {};
    }
    try {
        auto fd = sys::open_namespace(*pid, CLONE_NEWUSER);
        const bool is_ours = is_own_user_namespace(fd.get());
        return {.fd = std::move(fd), .is_ours = is_ours};
    } catch (const SysError& e) {
        log::debug("the holder of the session user namespace is gone: {}", e.what());
        return {};
    }
}

/// Launcher, in U: IDs are mapped, all capabilities are there.
void become_session_root() {
    if (::setresgid(0, 0, 0) < 0 || ::setresuid(0, 0, 0) < 0) throw explain_userns_failure(errno);
}

/// Launcher process. Ends with the body where there is no PID namespace to make, else once the body's process
/// is forked.
int run_launcher(const sys::Channel& channel, const Session& session, const sys::Fd& holders,
                 const SpawnOptions& options, const std::function<int(int)>& body) {
    const auto held_body = [&] {
        sys::lock(holders.get(), sys::LockKind::shared);
        send(channel, Stage::session_held);
        return body(holders.get());
    };
    try {
        if (session) {
            if (!session.is_ours) sys::join_namespace(session.fd.get(), CLONE_NEWUSER);
        } else {
            if (::unshare(CLONE_NEWUSER) < 0) throw explain_userns_failure(errno);
            send(channel, Stage::userns_created);
            expect(channel, Stage::id_map_written);
        }
        become_session_root();
        if (options.place != Place::child) {
            // The first privileged act where U was joined or AppArmor let unshare pass.
            if (options.place == Place::pid_namespace && ::unshare(CLONE_NEWPID) < 0)
                throw explain_userns_failure(errno);
            sys::fork_child(options.role, held_body);
            return 0;
        }
    } catch (const Error& e) {
        send_failure(channel, e);
        return kExitFailed;
    }
    sys::set_role(options.role);
    return held_body();
}

}  // namespace

pid_t spawn_in_session(const SessionFiles& files, const Identity& me, const SpawnOptions& options,
                       const std::function<int(int)>& body) {
    const sys::Fd creation = sys::open_file(files.creation_lock, O_RDWR | O_CREAT, 0600);
    const sys::Fd holders = sys::open_file(files.holders, O_RDWR | O_CREAT, 0600);
    sys::lock(creation.get(), sys::LockKind::exclusive);
    const Session session = find_session(holders.get());
    SessionMaps maps;
    if (!session) {
        maps = plan_session_maps(me, options.subuid_name, options.subgid_name);
        if (!maps.single()) require_newidmap();
    }
    auto [command_side, launcher_side] = sys::Channel::make_pair();
    const pid_t launcher =
        sys::fork_child("rpod:launcher", [&, &ours = command_side, &theirs = launcher_side] {
            ours.close();
            return run_launcher(theirs, session, holders, options, body);
        });
    launcher_side.close();
    try {
        if (!session) {
            expect(command_side, Stage::userns_created);
            if (maps.single()) {
                write_single_map(launcher, maps.uids, maps.gids);
            } else {
                write_maps_with_helpers(launcher, maps.uids, maps.gids, me);
            }
            send(command_side, Stage::id_map_written);
        }
        expect(command_side, Stage::session_held);
    } catch (...) {
        command_side.close();  // EOF: the launcher gives up, too
        sys::wait_for(launcher);
        throw;
    }
    if (options.place == Place::child) return launcher;
    sys::wait_for(launcher);
    return -1;
}

}  // namespace rpod::userns
