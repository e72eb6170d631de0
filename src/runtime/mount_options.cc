// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/mount_options.hh"

#include <linux/mount.h>
#include <sys/mount.h>

#include <array>
#include <string_view>

#include "base/error.hh"

// Linux 5.10; glibc does not know it.
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

namespace rpod::runtime {
namespace {

struct Attribute {
    std::string_view on;
    std::string_view off;
    unsigned long flag;
    uint64_t attribute;
};
constexpr std::array<Attribute, 6> kAttributes{
    {{"ro", "rw", MS_RDONLY, MOUNT_ATTR_RDONLY},
     {"nosuid", "suid", MS_NOSUID, MOUNT_ATTR_NOSUID},
     {"nodev", "dev", MS_NODEV, MOUNT_ATTR_NODEV},
     {"noexec", "exec", MS_NOEXEC, MOUNT_ATTR_NOEXEC},
     {"nodiratime", "diratime", MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
     {"nosymfollow", "symfollow", MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW}}};

/// One of them at a time (MOUNT_ATTR__ATIME).
constexpr std::array<Attribute, 3> kAccessTimes{
    {{"noatime", "atime", MS_NOATIME, MOUNT_ATTR_NOATIME},
     {"relatime", "norelatime", MS_RELATIME, MOUNT_ATTR_RELATIME},
     {"strictatime", "nostrictatime", MS_STRICTATIME, MOUNT_ATTR_STRICTATIME}}};

struct Flag {
    std::string_view name;
    unsigned long flag;
    std::string_view off = {};
};
/// For file systems; a bind mount keeps its source's.
constexpr std::array<Flag, 5> kFlags{{{"sync", MS_SYNCHRONOUS, "async"},
                                      {"dirsync", MS_DIRSYNC},
                                      {"lazytime", MS_LAZYTIME, "nolazytime"},
                                      {"iversion", MS_I_VERSION, "noiversion"},
                                      {"silent", MS_SILENT, "loud"}}};
constexpr std::array<Flag, 8> kPropagation{{{"private", MS_PRIVATE},
                                            {"rprivate", MS_PRIVATE | MS_REC},
                                            {"slave", MS_SLAVE},
                                            {"rslave", MS_SLAVE | MS_REC},
                                            {"shared", MS_SHARED},
                                            {"rshared", MS_SHARED | MS_REC},
                                            {"unbindable", MS_UNBINDABLE},
                                            {"runbindable", MS_UNBINDABLE | MS_REC}}};

bool take_access_time(std::string_view option, MountOptions& out) {
    for (const auto& a : kAccessTimes) {
        if (option != a.on && option != a.off) continue;
        for (const auto& other : kAccessTimes) out.flags &= ~other.flag;
        out.attributes_set &= ~uint64_t{MOUNT_ATTR__ATIME};
        out.attributes_clear &= ~uint64_t{MOUNT_ATTR__ATIME};
        if (option == a.off) return true;
        out.flags |= a.flag;
        out.attributes_set |= a.attribute;
        out.attributes_clear |= MOUNT_ATTR__ATIME;
        return true;
    }
    return false;
}

bool take_plain_attribute(std::string_view option, MountOptions& out) {
    for (const auto& a : kAttributes) {
        if (option == a.on) {
            out.flags |= a.flag;
            out.attributes_set |= a.attribute;
            out.attributes_clear &= ~a.attribute;
            return true;
        }
        if (option == a.off) {
            out.flags &= ~a.flag;
            out.attributes_set &= ~a.attribute;
            // "rw" is a default, not a wish: the source of a bind may be locked read-only.
            if (a.flag != MS_RDONLY) out.attributes_clear |= a.attribute;
            return true;
        }
    }
    return take_access_time(option, out);
}

/// Binds are always recursive here, so "rro" and "ro" mean the same; but "rrw" is a wish.
bool take_attribute(std::string_view option, MountOptions& out) {
    if (take_plain_attribute(option, out)) return true;
    if (!option.starts_with('r') || !take_plain_attribute(option.substr(1), out)) return false;
    if (option == "rrw") out.attributes_clear |= MOUNT_ATTR_RDONLY;
    return true;
}

bool take_flag(std::string_view option, MountOptions& out) {
    for (const auto& f : kFlags) {
        if (option == f.name) {
            out.flags |= f.flag;
        } else if (!f.off.empty() && option == f.off) {
            out.flags &= ~f.flag;
        } else {
            continue;
        }
        return true;
    }
    for (const auto& p : kPropagation) {
        if (option != p.name) continue;
        out.propagation = p.flag;
        return true;
    }
    return false;
}

/// Defaults, SELinux labels where there is no SELinux, and what who makes the plan has already acted on.
bool is_without_effect(std::string_view option) {
    constexpr std::array<std::string_view, 4> names{"defaults", "nomand", "z", "Z"};
    for (const auto name : names) {
        if (option == name) return true;
    }
    return false;
}

}  // namespace

MountOptions parse_mount_options(const std::vector<std::string>& options) {
    MountOptions out;
    for (const auto& option : options) {
        if (option == "bind" || option == "rbind") {
            out.bind = true;
        } else if (option == "tmpcopyup") {
            out.copy_up = true;
        } else if (option == "U") {
            out.chown = true;
        } else if (option == "remount") {
            out.remount = true;
        } else if (option == "mand") {
            throw Error("mount option 'mand': Linux has no mandatory locks any more");
        } else if (option == "idmap" || option == "ridmap") {
            throw Error(
                "mount option '{}': ID-mapped mounts need a privilege in the file system's own user "
                "namespace",
                option);
        } else if (!take_attribute(option, out) && !take_flag(option, out) && !is_without_effect(option)) {
            if (!out.data.empty()) out.data += ',';
            out.data += option;
        }
    }
    return out;
}

}  // namespace rpod::runtime
