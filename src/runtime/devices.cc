// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/devices.hh"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <array>
#include <string_view>

#include "base/error.hh"
#include "base/strings.hh"
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

/// Whether it is the device that is asked for ('u' is a character device by another name).
bool is_node(int fd, const oci::Device& device) {
    struct stat st {};
    check(::fstat(fd, &st), "stat '{}'", printable(device.path));
    const bool kind = device.type == 'b' ? S_ISBLK(st.st_mode) : S_ISCHR(st.st_mode);
    return kind &&
           st.st_rdev == makedev(static_cast<unsigned>(device.major), static_cast<unsigned>(device.minor));
}

/// Where the host has a device, as the kernel names it; empty where it does not say.
std::string host_path(const oci::Device& device) {
    constexpr std::string_view kKey = "DEVNAME=";
    const auto text = sys::find_file(fmt::format(
        "/sys/dev/{}/{}:{}/uevent", device.type == 'b' ? "block" : "char", device.major, device.minor));
    if (!text) return {};
    for (const auto line : split(*text, '\n')) {
        if (line.starts_with(kKey)) return "/dev/" + std::string(line.substr(kKey.size()));
    }
    return {};
}

/// A user namespace makes no device nodes: the host's is bound.
sys::Fd open_host_node(const oci::Device& device) {
    for (const auto& path : {device.path, host_path(device)}) {
        if (path.empty()) continue;
        auto node = sys::find_at(AT_FDCWD, path, O_PATH);
        if (node && is_node(node->get(), device)) return std::move(*node);
    }
    throw Error("linux.devices: '{}': the host has no node for the {} device {}:{}", printable(device.path),
                device.type == 'b' ? "block" : "character", device.major, device.minor);
}

/// A bound node is the host's, with its owner and mode.
void require_same_rights(int node, const oci::Device& device) {
    struct stat st {};
    check(::fstat(node, &st), "stat '{}'", printable(device.path));
    constexpr mode_t kRights = 07777;
    if (device.file_mode && (*device.file_mode & kRights) != (st.st_mode & kRights)) {
        throw Error(
            "linux.devices: '{}': fileMode {:o} is not supported: it is the host's node, with mode "
            "{:o}",
            printable(device.path), *device.file_mode & kRights, st.st_mode & kRights);
    }
    if (device.uid.value_or(0) != 0 || device.gid.value_or(0) != 0) {
        throw Error(
            "linux.devices: '{}': uid and gid are not supported: it is the host's node, with its "
            "owner",
            printable(device.path));
    }
}

void make_fifo(const oci::Device& device, const sys::RootedDir& root) {
    const size_t slash = device.path.find_last_of('/');
    const auto parent = root.make_dirs(device.path.substr(0, slash));
    const std::string name = device.path.substr(slash + 1);
    if (::mkfifoat(parent.get(), name.c_str(), 0600) < 0 && errno != EEXIST)
        throw SysError(errno, "make the fifo '{}'", printable(device.path));
    const auto fifo = sys::open_at(parent.get(), name, O_PATH | O_NOFOLLOW);
    struct stat st {};
    check(::fstat(fifo.get(), &st), "stat '{}'", printable(device.path));
    if (!S_ISFIFO(st.st_mode))
        throw Error("linux.devices: '{}': there is something else", printable(device.path));
    check(::fchownat(fifo.get(), "", device.uid.value_or(0), device.gid.value_or(0), AT_EMPTY_PATH),
          "set the owner of '{}'", printable(device.path));
    // By its descriptor: chmod follows links, and O_PATH takes no fchmod.
    check(::chmod(sys::proc_path(fifo.get()).c_str(), device.file_mode.value_or(0666) & 07777),
          "set the mode of '{}'", printable(device.path));
}

/// "If a file already exists at path that does not match the requested device, the runtime MUST generate an
/// error". An empty file is where an earlier run has bound the node.
void require_free(const oci::Device& device, const sys::RootedDir& root) {
    const auto found = root.find(device.path, O_PATH | O_NOFOLLOW);
    if (!found) return;
    struct stat st {};
    check(::fstat(found->get(), &st), "stat '{}'", printable(device.path));
    const bool placeholder = S_ISREG(st.st_mode) && st.st_size == 0;
    if (!placeholder && !is_node(found->get(), device))
        throw Error("linux.devices: '{}': there is something else", printable(device.path));
}

void make_device(const oci::Device& device, const sys::RootedDir& root) {
    if (device.path.ends_with('/'))
        throw Error("linux.devices: '{}' is not the path of a file", printable(device.path));
    if (device.type == 'p') return make_fifo(device, root);
    const auto node = open_host_node(device);
    require_same_rights(node.get(), device);
    require_free(device, root);
    bind_file(node.get(), device.path, root);
}

}  // namespace

sys::Fd open_null_device() { return open_node(kNodes[0]); }

void make_devices(const oci::RuntimeSpec& spec, const sys::RootedDir& root) {
    for (const auto& node : kNodes) bind_file(open_node(node).get(), node.path, root);
    for (const auto& device : spec.linux.devices) make_device(device, root);
    const auto dev = root.make_dirs("/dev");
    for (const auto& link : kLinks) {
        if (::symlinkat(link.target, dev.get(), link.path) < 0 && errno != EEXIST) {
            throw SysError(errno, "make the link '/dev/{}'", link.path);
        }
    }
}

void bind_console(int slave, const sys::RootedDir& root) { bind_file(slave, "/dev/console", root); }

}  // namespace rpod::runtime
