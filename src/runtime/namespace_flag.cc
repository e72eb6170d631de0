// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/namespace_flag.hh"

#include <sched.h>

namespace rpod::runtime {

int clone_flag(oci::NamespaceType type) {
    switch (type) {
        case oci::NamespaceType::pid:
            return CLONE_NEWPID;
        case oci::NamespaceType::network:
            return CLONE_NEWNET;
        case oci::NamespaceType::mount:
            return CLONE_NEWNS;
        case oci::NamespaceType::ipc:
            return CLONE_NEWIPC;
        case oci::NamespaceType::uts:
            return CLONE_NEWUTS;
        case oci::NamespaceType::user:
            return CLONE_NEWUSER;
        case oci::NamespaceType::cgroup:
            return CLONE_NEWCGROUP;
        case oci::NamespaceType::time:
            return CLONE_NEWTIME;
    }
    return 0;
}

}  // namespace rpod::runtime
