// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "net/config.hh"
#include "net/control.hh"
#include "net/forward.hh"
#include "net/resolv_conf.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// The body of the process rpod:net: connects the pod behind `tap` (net/tap.hh) with the network namespace in
/// which it runs, the host's, until the monitor or the tap is gone. Forked by the monitor in its user
/// namespace.
/// @param resolvers  the host's; replaced by the monitor when they change
/// @param ports      served by a second thread, in the pod's network namespace
/// @return the exit code of the process
int serve(sys::Fd tap, const SlirpConfig& config, const ResolvConf& resolvers, ServeEnd monitor,
          PublishedPorts ports = {});

}  // namespace rpod::net
