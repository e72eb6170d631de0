// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/restrict.hh"

#include <linux/magic.h>
#include <linux/mount.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/error.hh"
#include "runtime/devices.hh"
#include "sys/file.hh"
#include "sys/mount.hh"

namespace rpod::runtime {
namespace {

/// "net.ipv4.ip_forward" → "/proc/sys/net/ipv4/ip_forward"; a name with '/' may hold dots (sysctl(8)).
std::string sysctl_path(const std::string& name) {
    std::string path = name;
    const auto slash = path.find('/');
    const auto dot = path.find('.');
    if (slash == std::string::npos || dot < slash) {
        for (char& c : path) {
            if (c == '.') {
                c = '/';
            } else if (c == '/') {
                c = '.';
            }
        }
    }
    const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/';
    });
    if (path.empty() || !plain || path.find("..") != std::string::npos)
        throw Error("sysctl '{}': not a sysctl name", name);
    return "/proc/sys/" + path;
}

/// Covers directories; made once, bound as often as needed.
class EmptyDirectory {
  public:
    /// A detached copy.
    sys::Fd clone(const sys::RootedDir& root, const std::string& path) {
        if (!mounted_) {
            const auto target = root.open(path, O_PATH | O_DIRECTORY);
            sys::mount_on("tmpfs", "tmpfs", target.get(), path, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                          "size=0,mode=555");
            mounted_ = root.open(path, O_PATH | O_DIRECTORY);
            return {};
        }
        return sys::clone_mount(mounted_.get(), false);
    }

  private:
    sys::Fd mounted_;
};

void mask(const std::string& path, const sys::Fd& null, EmptyDirectory& empty, const sys::RootedDir& root) {
    const auto target = root.find(path, O_PATH);
    if (!target) return;
    struct stat st {};
    check(::fstat(target->get(), &st), "stat '{}'", path);
    const sys::Fd cover = S_ISDIR(st.st_mode) ? empty.clone(root, path) : sys::clone_mount(null.get(), false);
    if (cover) sys::attach_mount(cover.get(), target->get(), path);
}

void make_read_only(const std::string& path, const sys::RootedDir& root) {
    const auto target = root.find(path, O_PATH);
    if (!target) return;
    const sys::Fd copy = sys::clone_mount(target->get(), true);
    sys::attach_changed_mount(copy.get(), target->get(), MOUNT_ATTR_RDONLY, 0, path);
}

}  // namespace

void set_sysctls(const oci::RuntimeSpec& spec, const sys::RootedDir& root) {
    for (const auto& [name, value] : spec.linux.sysctl) {
        const auto file = root.open(sysctl_path(name), O_WRONLY);
        // An image or volume may have put something else where /proc was to be (CVE-2019-16884,
        // CVE-2025-52881).
        if (sys::filesystem_type(file.get()) != PROC_SUPER_MAGIC)
            throw Error("set sysctl '{}': /proc is not procfs", name);
        sys::write_all(file.get(), value, fmt::format("sysctl '{}'", name));
    }
}

void restrict_paths(const oci::RuntimeSpec& spec, const sys::RootedDir& root) {
    for (const auto& path : spec.linux.readonly_paths) make_read_only(path, root);
    if (!spec.linux.masked_paths.empty()) {
        const auto null = open_null_device();
        EmptyDirectory empty;
        for (const auto& path : spec.linux.masked_paths) mask(path, null, empty, root);
    }
    if (spec.root.readonly) sys::change_mount(root.fd(), MOUNT_ATTR_RDONLY, 0, false, "/");
}

}  // namespace rpod::runtime
