// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/persona.hh"

#include "base/error.hh"

namespace rpod::cli {
namespace {

/// The podman whose command line and JSON this is; docker's interface of the same time, and the docker that
/// brought it.
constexpr const char* kPodman = "4.3.1";
constexpr const char* kDocker = "20.10.25";
constexpr const char* kDockerApi = "1.41";

}  // namespace

std::string persona_name(std::string_view called) {
    const auto name = called.substr(called.rfind('/') + 1);
    return std::string(name == "podman" || name == "docker" ? name : "rpod");
}

bool speaks_docker(const Context& ctx) { return ctx.program == "docker"; }

Persona persona(const Context& ctx) {
    if (speaks_docker(ctx)) return {"Docker Engine", kDocker, kDockerApi};
    if (ctx.program == "podman") return {"Podman Engine", kPodman, kPodman};
    return {"rpod", RPOD_VERSION, kPodman};
}

std::string version_line(const Context& ctx) {
    const auto version = persona(ctx).version;
    if (speaks_docker(ctx)) return fmt::format("Docker version {}, build rpod-{}", version, RPOD_VERSION);
    return fmt::format("{} version {}", ctx.program, version);
}

}  // namespace rpod::cli
