// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/newidmap.hh"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include <array>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::userns {
namespace {

std::string helper_name(IdKind kind) { return kind == IdKind::uid ? "newuidmap" : "newgidmap"; }

/// A helper works when it is set-user-ID root or carries cap_setuid (cap_setgid) as a file capability.
std::string require_helper(IdKind kind) {
    const std::string program = helper_name(kind);
    const std::string path = sys::find_program(program);
    if (path.empty()) {
        throw Error("map the subordinate IDs: '{}' was not found", program)
            .with_hint("install the package uidmap (Debian, Ubuntu) or shadow-utils (Fedora)");
    }
    struct stat st {};
    check(::stat(path.c_str(), &st), "stat '{}'", path);
    const bool set_id = (st.st_mode & S_ISUID) && st.st_uid == 0;
    if (!set_id && ::geteuid() != 0 && ::getxattr(path.c_str(), "security.capability", nullptr, 0) <= 0) {
        throw Error("map the subordinate IDs: '{}' is neither set-user-ID root nor has its file capability",
                    path)
            .with_hint(fmt::format("as root: chmod u+s {0} (or setcap cap_set{1}=ep {0})", path, name(kind)));
    }
    struct statvfs fs {};
    if (::geteuid() != 0 && ::statvfs(path.c_str(), &fs) == 0 && (fs.f_flag & ST_NOSUID)) {
        throw Error("map the subordinate IDs: '{}' lies on a file system that is mounted nosuid", path)
            .with_hint("install uidmap on a file system that is mounted without nosuid");
    }
    return path;
}

std::vector<std::string> command_for(const std::string& path, pid_t pid, const IdMap& map) {
    std::vector<std::string> argv{path, std::to_string(pid)};
    for (const auto& e : map.extents()) {
        for (const uint32_t n : {e.inside, e.outside, e.size}) argv.push_back(std::to_string(n));
    }
    return argv;
}

/// What usually stands behind a refusal, in the order in which newuidmap checks.
std::string explain(IdKind kind, const Identity& me) {
    if (!me.known)
        return fmt::format("user {} has no passwd entry, and {} wants one", me.uid, helper_name(kind));
    if (me.gid != me.passwd_gid) {
        return fmt::format(
            "the current group ({}) is not the group of the passwd entry ({}); leave newgrp or sg, or log in "
            "anew",
            me.gid, me.passwd_gid);
    }
    return fmt::format("check the entry of {} in /etc/sub{}", me.name, name(kind));
}

}  // namespace

void require_newidmap() {
    if (::geteuid() != 0 && ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
        throw Error(
            "map the subordinate IDs: this process runs with no_new_privs, so newuidmap gets no privileges")
            .with_hint("start rpod outside of the sandbox (or service with NoNewPrivileges=yes) that set it");
    }
    require_helper(IdKind::uid);
    require_helper(IdKind::gid);
}

void write_maps_with_helpers(pid_t pid, const IdMap& uids, const IdMap& gids, const Identity& me) {
    // Side by side: each takes a millisecond, mostly of process start.
    auto uid_helper = sys::start_program(command_for(require_helper(IdKind::uid), pid, uids));
    auto gid_helper = sys::start_program(command_for(require_helper(IdKind::gid), pid, gids));
    const std::array results{sys::finish_program(std::move(uid_helper)),
                             sys::finish_program(std::move(gid_helper))};
    for (const auto kind : {IdKind::uid, IdKind::gid}) {
        const auto& result = results[kind == IdKind::gid];
        if (result.status.ok()) continue;
        throw Error("map the subordinate IDs: {}: {}", helper_name(kind), printable(trim(result.stderr_text)))
            .with_hint(explain(kind, me));
    }
}

void write_single_map(pid_t pid, const IdMap& uids, const IdMap& gids) {
    const auto proc = fmt::format("/proc/{}/", pid);
    sys::write_existing(proc + "uid_map", uids.to_proc());
    sys::write_existing(proc + "setgroups", "deny");
    sys::write_existing(proc + "gid_map", gids.to_proc());
}

}  // namespace rpod::userns
