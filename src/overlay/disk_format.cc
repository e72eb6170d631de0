// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/disk_format.hh"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <cerrno>

#include "overlay/at.hh"

namespace rpod::overlay {

bool is_overlay_xattr(std::string_view name) noexcept {
    return name.starts_with("user.overlay.") || name.starts_with("trusted.overlay.") ||
           name.starts_with("user.fuseoverlayfs.");
}

Opaque read_opaque(int dir) noexcept {
    char value = 0;
    const FdPath path(dir);
    if (::getxattr(path, kOpaqueXattr, &value, sizeof value) != 1 &&
        ::getxattr(path, "user.fuseoverlayfs.opaque", &value, sizeof value) != 1)
        return stat_at(dir, ".wh..wh..opq") ? Opaque::yes : Opaque::no;
    if (value == 'y') return Opaque::yes;
    return value == 'x' ? Opaque::has_xattr_whiteouts : Opaque::no;
}

int mark_opaque(int dir) noexcept { return error_of(::setxattr(FdPath(dir), kOpaqueXattr, "y", 1, 0)); }

bool is_whiteout(const struct stat& st) noexcept {
    return S_ISCHR(st.st_mode) && st.st_rdev == makedev(0, 0);
}

bool is_mark(std::string_view name) noexcept { return name.starts_with(kMarkPrefix); }

Result<bool> has_marks(int dir) {
    bool found = false;
    const int e = read_dir(dir, [&](const DirRecord& record) {
        found = is_mark(record.name);
        return !found;
    });
    if (e) return Errno{e};
    return found;
}

bool is_xattr_whiteout(int dir, const char* name) noexcept {
    const auto file = open_at(dir, name, O_PATH | O_NOFOLLOW);
    return file && ::getxattr(FdPath(file->get()), kWhiteoutXattr, nullptr, 0) >= 0;
}

}  // namespace rpod::overlay
