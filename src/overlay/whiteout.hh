// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>

#include "overlay/layer_entry.hh"

/// How an image layer says "gone", and what else of its metadata has a meaning for overlays.
namespace rpod::overlay {

enum class MemberKind {
    plain,
    whiteout,   ///< ".wh.NAME": NAME of lower layers is gone
    opaque,     ///< ".wh..wh..opq": all that lower layers have in this directory is gone
    aufs_data,  ///< ".wh..wh.*", or below such a directory: bookkeeping of AUFS, of no meaning
};

struct Member {
    MemberKind kind;
    std::string_view directory;  ///< views the entry's path; empty for the root
    std::string_view
        name;  ///< in that directory, without ".wh."; empty: the directory itself (opaque, or the root)
};

/// @throws Error for a whiteout that names nothing, "." or "..", and for members below a whiteout
Member classify_member(const LayerEntry& entry);

/// Whether an extended attribute of a layer goes into the index. Not wanted: what steers overlayfs
/// ("user.overlay.*", "trusted.overlay.*"), what belongs to the host's policy ("security.selinux",
/// "system.nfs4_acl"), and what the kernel would never let a file of that type have.
bool wanted_xattr(EntryType type, std::string_view name, std::string_view value);

constexpr std::string_view kAclAccess = "system.posix_acl_access";
constexpr std::string_view kAclDefault = "system.posix_acl_default";

}  // namespace rpod::overlay
