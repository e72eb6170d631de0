// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "oci/runtime_spec.hh"
#include "runtime/plan.hh"
#include "runtime/user_lookup.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// Init, with the root file system mounted and nothing in it yet: gives a user and a group whose numbers the
/// image does not know an entry each in /etc/passwd and /etc/group, at the end of the files, as far as they
/// exist and no mount of the spec will cover them. Programs that ask who they are (whoami, ssh, git) fail
/// without. The files become the container's own by this: `diff` shows them.
/// @param user  gets the name, home and shell of the entry
void add_accounts(const AccountPlan& plan, const oci::RuntimeSpec& spec, const sys::RootedDir& root,
                  ContainerUser& user);

/// The line for /etc/passwd, without its end: the template with $USERNAME, $UID, $GID, $NAME and $HOME
/// replaced, or podman's default.
std::string passwd_line(const AccountPlan& plan, const ContainerUser& user, const std::string& home);
/// The line for /etc/group likewise: $GROUPNAME, $GID and $USERLIST.
std::string group_line(const AccountPlan& plan, const ContainerUser& user);

}  // namespace rpod::runtime
