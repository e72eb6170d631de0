// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <string>

#include "base/error.hh"
#include "overlay/serve.hh"
#include "sys/file.hh"

namespace rpod::overlay {
namespace {

/// A file system that is being configured (fsopen(2)): the kernel says through it what it did not like.
class FsContext {
  public:
    explicit FsContext(const char* type)
        : fd_(check(::fsopen(type, FSOPEN_CLOEXEC), "open the file system '{}'", type)) {}

    void set(const char* key, const std::string& value) {
        configure(FSCONFIG_SET_STRING, key, value.c_str());
    }
    void set_flag(const char* key) { configure(FSCONFIG_SET_FLAG, key, nullptr); }
    void create() { configure(FSCONFIG_CMD_CREATE, nullptr, nullptr); }
    sys::Fd mount(unsigned attributes) {
        return sys::Fd(check(::fsmount(fd_.get(), FSMOUNT_CLOEXEC, attributes), "make a FUSE mount"));
    }

  private:
    void configure(unsigned command, const char* key, const char* value) {
        if (::fsconfig(fd_.get(), command, key, value, 0) == 0) return;
        const int e = errno;
        // "e fuse: Bad value for …", one message for each read; none: ENODATA.
        char text[256];
        const ssize_t n = ::read(fd_.get(), text, sizeof text - 1);
        const std::string said = n > 2 ? " (" + std::string(text + 2, static_cast<size_t>(n) - 2) + ")" : "";
        throw SysError(e, "set up a FUSE mount: {}{}", key ? key : "create", said);
    }
    sys::Fd fd_;
};

}  // namespace

sys::Fd mount_fuse(int dir, const char* path, const char* source) {
    // In the user namespace that mounts: the kernel compares that of the opener (EINVAL otherwise).
    sys::Fd fuse = sys::open_file("/dev/fuse", O_RDWR);
    FsContext context("fuse");
    context.set("source", source);
    context.set("subtype", "rpod");
    context.set("fd", std::to_string(fuse.get()));
    context.set("rootmode", "40000");
    context.set("user_id", "0");
    context.set("group_id", "0");
    // The kernel checks permissions, for every user of this user namespace.
    context.set_flag("default_permissions");
    context.set_flag("allow_other");
    context.set_flag("ro");
    context.create();
    // Set-ID bits and file capabilities are for whoever mounts on top to judge; device nodes never work in a
    // user namespace.
    const sys::Fd mount = context.mount(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
    check(::move_mount(mount.get(), "", dir, path,
                       MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH)),
          "attach a FUSE mount at '{}'", path);
    return fuse;
}

}  // namespace rpod::overlay
