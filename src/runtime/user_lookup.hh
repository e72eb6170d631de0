// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "oci/runtime_spec.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// The largest ID that a user or group of a container may have; what is above becomes negative, or root, in
/// the programs of some images (CVE-2024-40635).
constexpr uint32_t kMaxContainerId = INT32_MAX;

/// Who the payload is, by the container's own /etc/passwd and /etc/group.
struct ContainerUser {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::vector<uint32_t> groups;  ///< supplementary, each once
    std::string name;              ///< empty where the uid has no entry
    std::string home = "/";
    std::string shell;  ///< empty where the uid has no entry, or that names none
};

/// With user.name ("USER[:GROUP]", names or numbers; empty: 0): the entry's uid and gid, and the groups that
/// list the user as a member unless GROUP is given; a number need not have an entry, its group is 0 then.
/// Without user.name: uid and gid as they are. In both cases additional_gids and group_names are added to the
/// groups, and name, home and shell come from the entry of the uid. Lines that make no sense are passed over.
/// @param root  of the container; its files are only read as regular files below it, and only up to 16 MiB
/// (CVE-2024-9676)
/// @throws Error for a user or group that is not there, or a number that is no ID
ContainerUser resolve_user(const oci::User& user, const sys::RootedDir& root);
/// The same from the files' texts.
ContainerUser resolve_user(const oci::User& user, std::string_view passwd, std::string_view group);

/// Whether /etc/group has the number.
bool has_group(const sys::RootedDir& root, uint32_t gid);

}  // namespace rpod::runtime
