// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

/// The state of a container as the OCI runtime specification has it (runtime.md, "State"): what hooks read.
namespace rpod::oci {

struct State {
    std::string oci_version;
    std::string id;
    std::string status;  ///< "creating", "created", "running", "stopped"
    /// As the reader's own PID namespace counts it; nothing once it has ended.
    std::optional<pid_t> pid;
    std::string bundle;  ///< absolute
    std::map<std::string, std::string> annotations;

    std::string to_json() const;
};

}  // namespace rpod::oci
