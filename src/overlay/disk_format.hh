// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>

#include <string_view>

#include "base/result.hh"

/// What an upper layer says about the layers below it: the format of kernel overlayfs with `userxattr`, so
/// that either driver reads what the other one wrote.
///
///   whiteout    a character device 0:0, or an empty regular file with the attribute user.overlay.whiteout
///               below a layer whose root says user.overlay.opaque=x: the name is gone
///   opaque      a directory with user.overlay.opaque=y: nothing of the layers below shows in it
///
/// fuse-overlayfs, and podman where it unpacks layers for it, have other marks: ".wh.NAME" is a whiteout of
/// NAME in the layers below, and a directory with ".wh..wh..opq" or user.fuseoverlayfs.opaque=y is opaque.
/// That is understood, not written; names with ".wh." in front never show.
namespace rpod::overlay {

constexpr const char* kOpaqueXattr = "user.overlay.opaque";
constexpr const char* kWhiteoutXattr = "user.overlay.whiteout";

/// Attributes of the format, and those of other overlay drivers: never shown, copied or set.
bool is_overlay_xattr(std::string_view name) noexcept;

enum class Opaque { no, yes, has_xattr_whiteouts };
Opaque read_opaque(int dir) noexcept;
/// @return 0 or an errno
int mark_opaque(int dir) noexcept;

bool is_whiteout(const struct stat& st) noexcept;
constexpr std::string_view kMarkPrefix = ".wh.";
bool is_mark(std::string_view name) noexcept;
/// Whether a directory has any. @return an errno where it cannot be read
Result<bool> has_marks(int dir);
/// For a layer whose root has_xattr_whiteouts; the caller has found the file to be regular and empty.
bool is_xattr_whiteout(int dir, const char* name) noexcept;

}  // namespace rpod::overlay
