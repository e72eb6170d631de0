// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// What the image and the user said of what runs: Config, Mounts, NetworkSettings.
#include <algorithm>
#include <variant>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_inspect.hh"
#include "cli/health_view.hh"
#include "cli/pods.hh"
#include "container/health_plan.hh"
#include "container/network_connect.hh"
#include "container/network_store.hh"
#include "container/notify.hh"
#include "container/parse_port.hh"
#include "container/spec.hh"

namespace rpod::cli {
namespace {

using Show = DataObject::Show;

std::vector<std::string> mount_flags(const container::MountOptions& m) {
    std::vector<std::string> out;
    if (!m.suid) out.emplace_back("nosuid");
    if (!m.dev) out.emplace_back("nodev");
    if (!m.exec) out.emplace_back("noexec");
    out.emplace_back("rbind");
    return out;
}

DataObject make_mount(const std::string& type, const std::string& name, const std::string& source,
                      const std::string& destination, const container::MountOptions& options) {
    DataObject o{.type = "define.InspectMount"};
    o.add("Type", type).add("Name", name, {}, Show::unless_empty).add("Source", source);
    o.add("Destination", destination).add("Driver", name.empty() ? "" : "local").add("Mode", "");
    o.add("Options", Data::strings(mount_flags(options))).add("RW", !options.read_only);
    o.add("Propagation", container::propagation_name(options.propagation));
    return o;
}

/// Where the runtime found the source of a destination: for anonymous volumes nothing else says it.
std::string source_in_spec(const InspectInput& in, const std::string& destination) {
    if (!in.spec) return {};
    for (const auto& mount : in.spec->mounts) {
        if (mount.destination == destination) return mount.source;
    }
    return {};
}

/// "…/volumes/NAME/_data" → NAME
std::string volume_of(const InspectInput& in, const std::string& source) {
    const std::filesystem::path path(source);
    return path.parent_path().parent_path() == in.paths.volumes() ? path.parent_path().filename().native()
                                                                  : std::string();
}

/// An empty set of Go's: map[string]struct{}.
Data names_set(const std::vector<std::string>& names) {
    DataMap out;
    for (const auto& name : names) out.emplace(name, DataObject{.type = "struct {}"});
    return out;
}

std::string port_key(const net::PortMapping& port, uint32_t index) {
    return fmt::format("{}/{}", port.container_port + index, net::name(port.transport));
}

/// "80-81/udp" → "80/udp", "81/udp"; what is no port that could be published stays as it is.
std::vector<std::string> exposed_keys(const std::string& text) {
    std::vector<std::string> out;
    try {
        for (const auto& port : container::parse_expose(text)) out.push_back(port_key(port, 0));
    } catch (const Error&) {
        out = {text};
    }
    return out;
}

}  // namespace

DataList inspect_mounts(const InspectInput& in) {
    DataList out;
    const auto* run = in.image ? &in.image->config.config : nullptr;
    for (const auto& mount : container::effective_mounts(in.snapshot.config, run)) {
        if (const auto* bind = std::get_if<container::BindMount>(&mount)) {
            out.emplace_back(make_mount("bind", "", bind->source, bind->destination, bind->options));
        } else if (const auto* volume = std::get_if<container::VolumeMount>(&mount)) {
            auto source = source_in_spec(in, volume->destination);
            auto name = volume->name.empty() ? volume_of(in, source) : volume->name;
            if (source.empty() && !name.empty()) source = (in.paths.volumes() / name / "_data").native();
            out.emplace_back(make_mount("volume", name, source, volume->destination, volume->options));
        }
    }
    return out;
}

Data port_bindings(const std::vector<net::PortMapping>& ports, const std::vector<std::string>& exposed) {
    std::map<std::string, DataList> by_port;
    for (const auto& p : ports) {
        for (uint32_t i = 0; i < p.range; ++i) {
            DataObject o{.type = "define.InspectHostPort"};
            o.add("HostIP", p.host_ip, "HostIp");
            o.add("HostPort", p.host_port ? std::to_string(p.host_port + i) : std::string());
            by_port[port_key(p, i)].emplace_back(std::move(o));
        }
    }
    DataMap out;
    for (auto& [port, bindings] : by_port) out.emplace(port, std::move(bindings));
    for (const auto& text : exposed) {
        for (const auto& key : exposed_keys(text)) out.emplace(key, Data::nil_list());
    }
    return out;
}

namespace {

/// A member of a pod is on the pod's networks.
std::vector<container::NetworkEndpoint> endpoints_of(const InspectInput& in) {
    const auto& s = in.snapshot;
    if (s.config.pod.empty()) return container::network_endpoints(in.paths, s.config, s.id);
    PodTable pods(in.paths);
    const auto* pod = pods.find(s.config);
    if (!pod) return {};
    return container::network_endpoints(in.paths, pod->base, pod->base.id);
}

void add_address(DataObject& o, const container::NetworkEndpoint& e) {
    o.add("EndpointID", "").add("Gateway", e.gateway).add("IPAddress", e.address);
    o.add("IPPrefixLen", int64_t{e.prefix_length}).add("IPv6Gateway", "");
    o.add("GlobalIPv6Address", "").add("GlobalIPv6PrefixLen", 0).add("MacAddress", e.mac);
}

DataObject make_endpoint(const container::NetworkEndpoint& e) {
    DataObject o{.type = "define.InspectAdditionalNetwork"};
    add_address(o, e);
    o.add("NetworkID", e.network).add("DriverOpts", Data()).add("IPAMConfig", Data()).add("Links", Data());
    o.add("Aliases", Data::strings(e.aliases));
    return o;
}

}  // namespace

DataObject inspect_network(const InspectInput& in) {
    const auto& s = in.snapshot;
    const auto endpoints = endpoints_of(in);
    // As in podman: where there is but the default network, its address is shown here, too.
    const bool only_default = endpoints.size() == 1 && endpoints[0].network == container::kDefaultNetwork;
    DataObject o{.type = "define.InspectNetworkSettings"};
    add_address(o, only_default ? endpoints[0] : container::NetworkEndpoint());
    o.add("Bridge", "").add("SandboxID", "").add("HairpinMode", false);
    o.add("LinkLocalIPv6Address", "").add("LinkLocalIPv6PrefixLen", 0);
    o.add("Ports", port_bindings(s.config.network.ports, exposed_ports(s.config, in.image)));
    const bool running = s.is_running() && s.state;
    o.add("SandboxKey", running ? fmt::format("/proc/{}/ns/net", s.state->pid) : std::string());
    DataMap networks;
    for (const auto& endpoint : endpoints) networks.emplace(endpoint.network, make_endpoint(endpoint));
    if (!networks.empty()) o.add("Networks", std::move(networks));
    return o;
}

/// Those that are files, as podman; what they hold is not shown anywhere.
DataList make_secrets(const std::vector<container::SecretUse>& secrets) {
    DataList out;
    for (const auto& s : secrets) {
        if (s.env) continue;
        DataObject o{.type = "define.InspectSecret"};
        o.add("Name", s.name).add("ID", s.id).add("UID", int64_t{s.uid}).add("GID", int64_t{s.gid});
        o.add("Mode", int64_t{s.mode});
        out.emplace_back(std::move(o));
    }
    return out;
}

DataObject inspect_config(const InspectInput& in) {
    const auto& c = in.snapshot.config;
    const auto* image = in.image ? &in.image->config.config : nullptr;
    DataObject o{.type = "define.InspectContainerConfig"};
    const auto host = in.spec ? in.spec->hostname : c.hostname;
    o.add("Hostname", host.empty() ? in.snapshot.id.substr(0, 12) : host).add("Domainname", "");
    o.add("User", !c.user.empty() ? c.user : image ? image->user : std::string());
    o.add("AttachStdin", false).add("AttachStdout", false).add("AttachStderr", false);
    o.add("Tty", c.tty).add("OpenStdin", c.stdin_open).add("StdinOnce", false);
    o.add("Env", in.spec ? Data::strings(in.spec->process.env) : Data::nil_list());
    o.add("Cmd", Data::strings_or_nil(shown_command(c, in.image)));
    o.add("Image", in.image_name);
    o.add("Volumes", image && !image->volumes.empty()
                         ? names_set({image->volumes.begin(), image->volumes.end()})
                         : Data());
    o.add("WorkingDir", in.spec ? in.spec->process.cwd : c.workdir);
    const auto entrypoint = c.entrypoint ? *c.entrypoint
                            : image      ? image->entrypoint
                                         : std::vector<std::string>();
    o.add("Entrypoint", join(entrypoint, " ")).add("OnBuild", Data());
    auto labels = c.labels;
    o.add("Labels", Data::string_map_or_nil(labels));
    o.add("Annotations", Data::string_map_or_nil(in.spec ? in.spec->annotations : c.annotations));
    o.add("StopSignal", container::stop_signal(c, image));
    add_health(o, c.health, image);
    o.add("HealthcheckOnFailureAction", container::action_name(c.health.on_failure))
        .add("CreateCommand", Data::nil_list(), {}, Show::unless_empty);
    o.add("Umask", fmt::format("{:04o}", c.umask))
        .add("Secrets", make_secrets(c.secrets), {}, Show::unless_empty);
    o.add("Timeout", int64_t{c.timeout_s});
    o.add("StopTimeout", int64_t{c.stop_timeout_s.value_or(10)}).add("Passwd", true);
    o.add("SdNotifyMode", container::notify_mode_of(c).empty() ? "container" : container::notify_mode_of(c),
          "sdNotifyMode");
    return o;
}

}  // namespace rpod::cli
