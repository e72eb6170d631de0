// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "cli/command.hh"

namespace rpod::cli {

/// What scripts that look for a version are told. rpod called as podman or docker (by a link) names the
/// version whose command line it follows, because scripts choose their flags by it.
struct Persona {
    std::string engine;   ///< "Podman Engine": the first line of `version`
    std::string version;  ///< "4.3.1"
    std::string api;      ///< the version of podman's, or docker's, interface
};

/// The name to go by for one that rpod was called by (argv[0], with or without directories): "podman" and
/// "docker" as they are, "rpod" for any other.
std::string persona_name(std::string_view called);

/// By ctx.program.
Persona persona(const Context& ctx);

/// Whose words scripts expect: podman's, or docker's where rpod is called so.
bool speaks_docker(const Context& ctx);

/// What `--version` prints: "podman version 4.3.1", as one line of three words; docker's has its own form.
std::string version_line(const Context& ctx);

}  // namespace rpod::cli
