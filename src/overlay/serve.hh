// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "overlay/attr.hh"
#include "overlay/index.hh"
#include "sys/fd.hh"

/// The read side of the embedded driver: a FUSE mount of an image. One process mounts (init, in the
/// container's user and mount namespace), another serves (`rpod:overlay`), the descriptor of /dev/fuse
/// travels between them. Images never change, so the server keeps no state about what the kernel knows and
/// can be replaced at any time.
namespace rpod::overlay {

/// Which part of an image a mount shows.
enum class View : uint8_t {
    complete,        ///< everything
    without_xattrs,  ///< all files, no extended attributes: the kernel is told once, and never asks again
    only_xattrs,     ///< the files that have extended attributes, and the directories that lead to them
};

/// The mounts that an image wants, topmost first: overlayfs takes them as "lowerdir=FIRST:SECOND". Overlayfs
/// asks every regular file for an attribute of its own; for an image with few attributes that is avoided by
/// two mounts, and for one without any by one.
std::vector<View> wanted_views(const Index& index);

/// Mounts a FUSE file system, read-only, at `path` relative to `dir` (an empty path is `dir` itself). To be
/// called in the user and mount namespace that the mount shall belong to, as its root; nobody outside that
/// user namespace can enter it. Accesses to it wait until it is served. @throws SysError
/// @param source  what /proc/self/mountinfo shows, "rpod" say
/// @return the connection, for serve()
sys::Fd mount_fuse(int dir, const char* path, const char* source);

/// How another mount than an image's looks.
struct FuseMount {
    std::string source;   ///< as /proc/self/mountinfo shows it
    std::string subtype;  ///< "fuse.SUBTYPE"
    bool read_only = false;
    bool nosuid = false, nodev = false, noexec = false, noatime = false;
};
/// The same with these options; the kernel checks permissions, for every user of this user namespace.
sys::Fd mount_fuse(int dir, const char* path, const FuseMount& how);

struct ServedMount {
    sys::Fd fuse;
    View view = View::complete;
};

struct ServeOptions {
    std::vector<ServedMount> mounts;
    Index index;
    std::vector<sys::Fd> blobs;  ///< layer blobs, lowest first, as the index was built; opened for reading
    Owners owners{};             ///< as the container's user namespace sees them
    /// Requests being worked on are kept in this file (from make_request_log), which the caller holds too.
    /// After the server died the caller starts another with the same mounts, log and `takeover`; it answers
    /// what the dead one had read. None: no takeover.
    sys::Fd request_log;
    bool takeover = false;
};

/// An anonymous file for ServeOptions::request_log. @throws SysError
sys::Fd make_request_log();

/// Serves the mounts until they are unmounted, then returns 0; for a forked process that has no other
/// descriptors and one thread. It gives up its capabilities, may not gain any, and is left with a dozen
/// system calls.
/// @throws Error before the first request is answered; later failures are logged and end in a return value
/// other than 0
int serve(ServeOptions options);

}  // namespace rpod::overlay
