// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/empty_root.hh"

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hh"

namespace rpod::sys {

void enter_empty_root() {
    check(::unshare(CLONE_NEWNS), "create a mount namespace for a sandbox");
    // Nothing that follows may travel back to where the mounts came from.
    check(::mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr), "make the sandbox's mounts slaves");
    // Any directory that exists everywhere will do to put the new root on.
    check(::mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
                  "size=4k,nr_inodes=1,mode=555"),
          "mount an empty root for a sandbox");
    check(::chdir("/proc"), "enter the empty root");
    // pivot_root(2): with both arguments ".", the old root lies over the new one, and is unmounted from
    // there.
    check(static_cast<int>(::syscall(SYS_pivot_root, ".", ".")), "pivot_root to the empty root");
    check(::umount2(".", MNT_DETACH), "unmount the host's root");
    check(::chdir("/"), "enter the empty root");
}

}  // namespace rpod::sys
