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
    // Set-ID bits and file capabilities are for whoever mounts on top to judge; device nodes never work in a
    // user namespace.
    return mount_fuse(
        dir, path, {.source = source, .subtype = "rpod", .read_only = true, .nodev = true, .noatime = true});
}

sys::Fd mount_fuse(int dir, const char* path, const FuseMount& how) {
    // In the user namespace that mounts: the kernel compares that of the opener (EINVAL otherwise).
    sys::Fd fuse = sys::open_file("/dev/fuse", O_RDWR);
    FsContext context("fuse");
    context.set("source", how.source);
    context.set("subtype", how.subtype);
    context.set("fd", std::to_string(fuse.get()));
    context.set("rootmode", "40000");
    context.set("user_id", std::to_string(::geteuid()));
    context.set("group_id", std::to_string(::getegid()));
    context.set_flag("default_permissions");
    context.set_flag("allow_other");
    if (how.read_only) context.set_flag("ro");
    context.create();
    unsigned attributes = 0;
    if (how.read_only) attributes |= MOUNT_ATTR_RDONLY;
    if (how.nosuid) attributes |= MOUNT_ATTR_NOSUID;
    if (how.nodev) attributes |= MOUNT_ATTR_NODEV;
    if (how.noexec) attributes |= MOUNT_ATTR_NOEXEC;
    if (how.noatime) attributes |= MOUNT_ATTR_NOATIME;
    const sys::Fd mount = context.mount(attributes);
    check(::move_mount(mount.get(), "", dir, path,
                       MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH)),
          "attach a FUSE mount at '{}'", path);
    return fuse;
}

}  // namespace rpod::overlay
