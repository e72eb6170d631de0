// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/whiteout.hh"

#include <cstring>

#include "base/error.hh"
#include "base/strings.hh"
#include "overlay/index_format.hh"

namespace rpod::overlay {
namespace {

constexpr std::string_view kPrefix = ".wh.";
constexpr std::string_view kMetaPrefix = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

/// posix_acl_xattr_header and its entries (linux/posix_acl_xattr.h): version 2, then tag, permissions, ID.
bool well_formed_acl(std::string_view value) {
    constexpr size_t kHeader = 4;
    constexpr size_t kEntry = 8;
    const uint32_t version = 2;
    return value.size() >= kHeader && (value.size() - kHeader) % kEntry == 0 &&
           std::memcmp(value.data(), &version, sizeof version) == 0;
}

}  // namespace

Member classify_member(const LayerEntry& entry) {
    const std::string_view path = entry.path;
    for (size_t begin = 0;;) {
        const size_t end = path.find('/', begin);
        const bool last = end == path.npos;
        const std::string_view directory = path.substr(0, begin == 0 ? 0 : begin - 1);
        const std::string_view name = path.substr(begin, last ? path.npos : end - begin);
        if (!name.starts_with(kPrefix)) {
            if (last) return {MemberKind::plain, directory, name};
            begin = end + 1;
            continue;
        }
        if (last && name == kOpaque) return {MemberKind::opaque, directory, {}};
        if (name.starts_with(kMetaPrefix)) return {MemberKind::aufs_data, directory, name};
        if (!last) throw Error("'{}': a member below a whiteout", printable(path));
        const std::string_view gone = name.substr(kPrefix.size());
        if (gone.empty() || gone == "." || gone == "..") {
            throw Error("'{}': a whiteout that names no file", printable(path));
        }
        return {MemberKind::whiteout, directory, gone};
    }
}

bool wanted_xattr(EntryType type, std::string_view name, std::string_view value) {
    if (name.starts_with("user.")) {
        // xattr_permission(): only regular files and directories can have them.
        return !name.starts_with("user.overlay.") &&
               (type == EntryType::regular || type == EntryType::directory);
    }
    if (name.starts_with("trusted.")) return !name.starts_with("trusted.overlay.");
    if (name.starts_with("security.")) return name != "security.selinux";
    if (name == kAclAccess) return type != EntryType::symlink && well_formed_acl(value);
    if (name == kAclDefault) return type == EntryType::directory && well_formed_acl(value);
    return false;
}

}  // namespace rpod::overlay
