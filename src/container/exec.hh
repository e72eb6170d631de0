// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "container/config.hh"
#include "store/paths.hh"

namespace rpod::container {

/// What `exec` asks of a container.
struct ExecRequest {
    std::vector<std::string> args;
    std::vector<EnvVar> env;  ///< above the container's own
    std::string user;         ///< as typed; empty: the container's
    std::string workdir;      ///< empty: the container's
    bool privileged = false;
    bool tty = false;
    bool interactive = false;
    bool detach = false;
    std::string detach_keys;
    std::vector<int> preserved_fds;  ///< ascending, from 3 on
};

/// Runs it in the container, attached unless it says otherwise.
/// @return its exit code as a shell gives it; 0 where it was left running
/// @throws Error with exit code 255 where the container does not run, 126 or 127 where the command cannot
int execute(const store::Paths& paths, const std::string& id, const ExecRequest& request);

}  // namespace rpod::container
