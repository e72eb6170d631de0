// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "cli/run_options.hh"
#include "store/paths.hh"

namespace rpod::cli {

/// --pod: makes the container that is to be made a member.
class EnterPod {
  public:
    /// Makes the pod where that is wanted ("new:NAME"). @throws Error
    EnterPod(const store::Paths& paths, RunRequest& request);
    /// A pod that was made for a container that did not come to be goes again.
    ~EnterPod();
    EnterPod(const EnterPod&) = delete;
    EnterPod& operator=(const EnterPod&) = delete;
    void keep() { made_.clear(); }

  private:
    store::Paths paths_;
    std::string made_;  ///< the ID of a pod that was made here
};

}  // namespace rpod::cli
