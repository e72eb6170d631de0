// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/explain.hh"

#include <sys/stat.h>

#include <optional>
#include <string>

#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::userns {
namespace {

std::optional<int64_t> sysctl(const char* path) {
    const auto text = sys::find_file(path);
    return text ? parse_int(trim(*text)) : std::nullopt;
}

/// A process whose root is not that of its mount namespace may not make user namespaces (user_namespaces(7)).
bool in_chroot() {
    struct stat own {};
    struct stat ns {};
    // The root that /proc shows of a process with the namespace's own root, where we may look.
    return ::stat("/", &own) == 0 && ::stat("/proc/1/root/", &ns) == 0 &&
           (own.st_dev != ns.st_dev || own.st_ino != ns.st_ino);
}

}  // namespace

Error explain_userns_failure(int err) {
    const SysError plain(err, "create a user namespace");
    const auto with = [&](const char* why, const char* fix) {
        return Error("create a user namespace: {}", why).with_hint(fix);
    };
    if (err == ENOSPC || err == EUSERS) {
        if (sysctl("/proc/sys/user/max_user_namespaces").value_or(1) <= 0) {
            return with("user.max_user_namespaces is 0", "as root: sysctl -w user.max_user_namespaces=15000");
        }
        return with("the limit of nested or concurrent user namespaces is reached",
                    "as root: raise sysctl user.max_user_namespaces, or end other sandboxes");
    }
    if (err == EPERM || err == EACCES) {
        if (sysctl("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").value_or(0) > 0) {
            return with(
                "AppArmor restricts unprivileged user namespaces "
                "(kernel.apparmor_restrict_unprivileged_userns)",
                "as root: install contrib/apparmor/rpod to /etc/apparmor.d/ and reload AppArmor, or "
                "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
        }
        if (sysctl("/proc/sys/kernel/unprivileged_userns_clone").value_or(1) == 0) {
            return with("kernel.unprivileged_userns_clone is 0",
                        "as root: sysctl -w kernel.unprivileged_userns_clone=1");
        }
        if (in_chroot()) {
            return with("this process runs in a chroot, where the kernel allows none",
                        "enter the tree with pivot_root (as container tools do) instead of chroot");
        }
        return with("Operation not permitted (a seccomp filter or security module refuses it)",
                    "in a container: start it with a seccomp profile that allows unshare and clone (podman "
                    "and docker: "
                    "--security-opt seccomp=unconfined)");
    }
    return Error(plain.what());
}

}  // namespace rpod::userns
