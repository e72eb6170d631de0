// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/spec_check.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "runtime/mount_options.hh"
#include "runtime/resources.hh"
#include "runtime/scheduling.hh"
#include "sys/rlimit.hh"

namespace rpod::runtime {
namespace {

void refuse(bool asked, const char* member, const char* reason) {
    if (asked) throw Error("{} is not supported: {}", member, reason);
}

void check_process(const oci::Process& process) {
    refuse(!process.apparmor_profile.empty(), "process.apparmorProfile", "rpod sets no AppArmor profiles");
    refuse(!process.selinux_label.empty(), "process.selinuxLabel", "rpod sets no SELinux labels");
    for (const auto& limit : process.rlimits) {
        if (!sys::find_rlimit(limit.type))
            throw Error("process.rlimits: there is no limit '{}'", printable(limit.type));
    }
    check_scheduling(process);
}

void check_mounts(const std::vector<oci::Mount>& mounts) {
    for (size_t i = 0; i < mounts.size(); ++i) {
        const auto& mount = mounts[i];
        if (mount.uid_mappings.empty() != mount.gid_mappings.empty())
            throw Error("mounts[{}]: has one of uidMappings and gidMappings without the other", i);
        if (!mount.uid_mappings.empty()) {
            throw Error(
                "mounts[{}].uidMappings is not supported: ID-mapped mounts need a privilege in the "
                "file system's own user namespace",
                i);
        }
        in_context([&] { parse_mount_options(mount.options); }, "mounts[{}].options", i);
    }
}

void check_linux(const oci::Linux& linux) {
    refuse(!linux.mount_label.empty(), "linux.mountLabel", "rpod sets no SELinux labels");
    refuse(!linux.cgroups_path.empty(), "linux.cgroupsPath", "no cgroup is made for a bundle");
    if (linux.personality && !linux.personality->flags.empty()) {
        throw Error("linux.personality.flags: there is no flag '{}'",
                    printable(linux.personality->flags.front()));
    }
    if (const auto& seccomp = linux.seccomp) {
        refuse(!seccomp->listener_path.empty(), "linux.seccomp.listenerPath",
               "system calls are not handed to other processes");
        if (!seccomp->listener_metadata.empty())
            throw Error("linux.seccomp.listenerMetadata: is there without listenerPath");
    }
    require_no_limits(linux.resources, "linux.resources");
}

}  // namespace

void check_spec(const oci::RuntimeSpec& spec) {
    spec.require_supported();
    check_process(spec.process);
    check_mounts(spec.mounts);
    check_linux(spec.linux);
}

}  // namespace rpod::runtime
