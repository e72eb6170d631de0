// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/identity.hh"

#include <grp.h>
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
        const std::string gecos = found->pw_gecos ? found->pw_gecos : "";
        me.full_name = gecos.substr(0, gecos.find(','));
    }
    return me;
}

std::string current_group_name() {
    group entry{};
    group* found = nullptr;
    std::array<char, 65536> buffer;
    if (::getgrgid_r(::getegid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found)
        return found->gr_name;
    return {};
}

}  // namespace rpod::userns
