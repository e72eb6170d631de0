// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/commit_config.hh"

#include <algorithm>

#include "base/error.hh"
#include "container/parse_port.hh"

namespace rpod::container {
namespace {

using Strings = std::vector<std::string>;

/// An entrypoint of the user's own drops the image's command.
void take_command(const ContainerConfig& config, oci::RunConfig& out) {
    if (config.entrypoint) {
        out.entrypoint = *config.entrypoint;
        out.cmd.clear();
    }
    if (!config.command.empty()) out.cmd = config.command;
}

void remove_env(Strings& env, const std::string& name) {
    const auto prefix = fmt::format("{}=", name);
    env.erase(std::remove_if(env.begin(), env.end(), [&](const auto& e) { return e.starts_with(prefix); }),
              env.end());
}

void take_env(const ContainerConfig& config, oci::RunConfig& out) {
    if (config.unset_env_all) out.env.clear();
    for (const auto& name : config.unset_env) remove_env(out.env, name);
    for (const auto& [name, value] : config.env) {
        remove_env(out.env, name);
        out.env.push_back(fmt::format("{}={}", name, value));
    }
}

void take_ports(const std::vector<net::PortMapping>& ports, oci::RunConfig& out) {
    for (const auto& port : ports) {
        for (uint16_t i = 0; i < port.range; ++i)
            out.exposed_ports.insert(
                fmt::format("{}/{}", port.container_port + i, net::name(port.transport)));
    }
}

struct VolumeDestination {
    bool all;
    const std::string* operator()(const VolumeMount& m) const {
        return all || m.name.empty() ? &m.destination : nullptr;
    }
    const std::string* operator()(const BindMount& m) const { return all ? &m.destination : nullptr; }
    const std::string* operator()(const TmpfsMount&) const { return nullptr; }
    const std::string* operator()(const DevptsMount&) const { return nullptr; }
};

}  // namespace

oci::RunConfig committed_config(const ContainerConfig& config, const oci::RunConfig* image,
                                bool include_volumes) {
    oci::RunConfig out = image ? *image : oci::RunConfig{};
    take_command(config, out);
    take_env(config, out);
    take_ports(config.network.ports, out);
    for (const auto& text : config.network.expose) take_ports(parse_expose(text), out);
    for (const auto& [key, value] : config.labels) out.labels[key] = value;
    if (!config.user.empty()) out.user = config.user;
    if (!config.workdir.empty()) out.working_dir = config.workdir;
    if (out.working_dir.empty()) out.working_dir.push_back('/');
    for (const auto& mount : config.mounts) {
        if (const auto* path = std::visit(VolumeDestination{.all = include_volumes}, mount))
            out.volumes.insert(*path);
    }
    return out;
}

}  // namespace rpod::container
