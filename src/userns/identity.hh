// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <string>

namespace rpod::userns {

/// Who runs rpod, as the password database tells.
struct Identity {
    uid_t uid = 0;
    gid_t gid = 0;         ///< the current group
    bool known = false;    ///< there is a passwd entry; the rest is empty without
    gid_t passwd_gid = 0;  ///< the group of the passwd entry
    std::string name;
    std::string full_name;  ///< the first field of GECOS
    std::string home;
    std::string shell;
};

/// Asks NSS, so only in the command itself, before anything is forked.
Identity current_identity();
/// The name of the current group, empty where it has none; likewise.
std::string current_group_name();

}  // namespace rpod::userns
