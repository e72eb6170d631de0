// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "runtime/network_join.hh"
#include "sys/timer.hh"

namespace rpod::runtime {

/// A running pod's connections to its networks, for the monitor's loop. A network whose process has died is
/// started again by the first monitor that sees it, and the others come back to it: with the addresses that
/// they had.
class NetworkJoins {
  public:
    /// Puts the pod onto all of them.
    /// @param joins  stay where they are until end()
    /// @param pod_network  borrowed until end()
    /// @throws Error that names the network
    void join(std::vector<NetworkJoin>& joins, int pod_network);
    /// One more, of the same ones. @throws Error
    void add(NetworkJoin& join) const;
    /// From now on nothing is done about networks that are lost.
    void end();

    /// One of them is readable when serve() has something to do.
    std::vector<int> fds() const;
    /// Never throws: a pod that cannot get back goes on without that network, and the log says so.
    void serve();

  private:
    void note_lost();
    void rejoin_lost();

    std::vector<NetworkJoin>* joins_ = nullptr;
    int pod_network_ = -1;
    sys::Timer retry_;
    unsigned failures_ = 0;
};

}  // namespace rpod::runtime
