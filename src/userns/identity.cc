// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/identity.hh"

#include <pwd.h>
#include <unistd.h>

#include <array>

namespace rpod::userns {

Identity current_identity() {
    Identity me{.uid = ::geteuid(), .gid = ::getegid()};
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16384> buffer;
    if (::getpwuid_r(me.uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found) {
        me.known = true;
        me.passwd_gid = found->pw_gid;
        me.name = found->pw_name;
        me.home = found->pw_dir;
        me.shell = found->pw_shell;
    }
    return me;
}

}  // namespace rpod::userns
