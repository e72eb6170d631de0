// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/devices.hh"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>

#include "base/error.hh"
#include "sys/file.hh"
#include "sys/mount.hh"

namespace rpod::runtime {
namespace {

struct Node {
    const char* path;
    unsigned major;
    unsigned minor;
};
/// OCI runtime-spec, config-linux.md, "Default Devices".
constexpr std::array<Node, 6> kNodes{{{"/dev/null", 1, 3},
                                      {"/dev/zero", 1, 5},
                                      {"/dev/full", 1, 7},
                                      {"/dev/random", 1, 8},
                                      {"/dev/urandom", 1, 9},
                                      {"/dev/tty", 5, 0}}};

struct Link {
    const char* target;
    const char* path;
};
constexpr std::array<Link, 5> kLinks{{{"/proc/self/fd", "fd"},
                                      {"/proc/self/fd/0", "stdin"},
                                      {"/proc/self/fd/1", "stdout"},
                                      {"/proc/self/fd/2", "stderr"},
                                      {"pts/ptmx", "ptmx"}}};

sys::Fd open_node(const Node& node) {
    sys::Fd fd = sys::open_file(node.path, O_PATH | O_NOFOLLOW);
    struct stat st {};
    check(::fstat(fd.get(), &st), "stat '{}'", node.path);
    if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(node.major, node.minor)) {
        throw Error("use '{}' of the host: it is not the character device {}:{}", node.path, node.major,
                    node.minor);
    }
    return fd;
}

/// Binds what is behind `source` on a file below the root, made where it is missing.
void bind_file(int source, const std::string& path, const sys::RootedDir& root) {
    const size_t slash = path.find_last_of('/');
    const auto parent = root.make_dirs(path.substr(0, slash));
    const std::string name = path.substr(slash + 1);
    const int made = ::openat(parent.get(), name.c_str(), O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made >= 0) ::close(made);
    const sys::Fd target = sys::open_at(parent.get(), name, O_PATH | O_NOFOLLOW);
    sys::attach_mount(sys::clone_mount(source, false).get(), target.get(), path);
}

}  // namespace

sys::Fd open_null_device() { return open_node(kNodes[0]); }

void make_devices(const oci::RuntimeSpec& spec, const sys::RootedDir& root) {
    for (const auto& node : kNodes) bind_file(open_node(node).get(), node.path, root);
    for (const auto& device : spec.linux.devices) {
        const sys::Fd source = sys::open_file(device.path, O_PATH);
        bind_file(source.get(), device.path, root);
    }
    const auto dev = root.make_dirs("/dev");
    for (const auto& link : kLinks) {
        if (::symlinkat(link.target, dev.get(), link.path) < 0 && errno != EEXIST) {
            throw SysError(errno, "make the link '/dev/{}'", link.path);
        }
    }
}

void bind_console(int slave, const sys::RootedDir& root) { bind_file(slave, "/dev/console", root); }

}  // namespace rpod::runtime
