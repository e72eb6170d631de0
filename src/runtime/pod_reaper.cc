// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/pod_reaper.hh"

#include "runtime/stub.hh"
#include "sys/capability.hh"
#include "sys/empty_root.hh"

namespace rpod::runtime {

void become_reaper(int stub) {
    sys::enter_empty_root();
    sys::limit_bounding({});
    sys::set_capabilities({});
    exec_reaper(stub);
}

}  // namespace rpod::runtime
