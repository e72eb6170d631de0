// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// HostConfig: how the container stands to the host.
#include <algorithm>
#include <variant>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_inspect.hh"
#include "container/capabilities.hh"
#include "container/restart_policy.hh"

namespace rpod::cli {
namespace {

using container::NamespaceMode;

std::string mode_text(const container::NamespaceChoice& choice) {
    switch (choice.mode) {
        case NamespaceMode::private_:
            return "private";
        case NamespaceMode::host:
            return "host";
        case NamespaceMode::none:
            return "none";
        case NamespaceMode::shareable:
            return "shareable";
        case NamespaceMode::container:
            return "container:" + choice.target;
        case NamespaceMode::path:
            return "ns:" + choice.target;
        case NamespaceMode::pod:
            return "pod";
    }
    return {};
}

std::string network_text(const container::NetworkConfig& network) {
    const auto text = network.networks.empty() ? std::string() : network.networks.front();
    return text.empty() || text == "private" ? "slirp4netns" : text;
}

std::vector<std::string> bind_texts(const container::ContainerConfig& config) {
    std::vector<std::string> out;
    for (const auto& mount : config.mounts) {
        const auto* bind = std::get_if<container::BindMount>(&mount);
        const auto* volume = std::get_if<container::VolumeMount>(&mount);
        if (!bind && (!volume || volume->name.empty())) continue;
        const auto& options = bind ? bind->options : volume->options;
        out.push_back(fmt::format("{}:{}:{},{}", bind ? bind->source : volume->name,
                                  container::destination_of(mount), options.read_only ? "ro" : "rw",
                                  container::propagation_name(options.propagation)));
    }
    return out;
}

Data tmpfs_map(const container::ContainerConfig& config) {
    std::map<std::string, std::string> out;
    for (const auto& mount : config.mounts) {
        if (const auto* tmpfs = std::get_if<container::TmpfsMount>(&mount))
            out[tmpfs->destination] = tmpfs->read_only ? "ro" : "rw";
    }
    return Data::string_map(out);
}

DataObject log_config(const InspectInput& in) {
    const auto& log = in.snapshot.config.log;
    DataObject o{.type = "define.InspectLogConfig"};
    const auto path = log.options.find("path");
    const bool file = log.driver == "k8s-file" || log.driver == "json-file";
    o.add("Type", log.driver)
        .add("Config", log.options.empty() ? Data::nil_map() : Data::string_map(log.options));
    o.add("Path", path != log.options.end() ? path->second
                  : file                    ? (in.snapshot.directory / "ctr.log").native()
                                            : std::string());
    const auto tag = log.options.find("tag");
    const auto size = log.options.find("max-size");
    o.add("Tag", tag == log.options.end() ? std::string() : tag->second);
    o.add("Size", size == log.options.end() ? std::string("0B") : size->second);
    return o;
}

DataList devices(const container::ContainerConfig& config) {
    DataList out;
    for (const auto& d : config.devices) {
        DataObject o{.type = "define.InspectDevice"};
        o.add("PathOnHost", d.host_path).add("PathInContainer", d.container_path);
        o.add("CgroupPermissions", d.permissions);
        out.emplace_back(std::move(o));
    }
    return out;
}

DataList ulimits(const InspectInput& in) {
    DataList out;
    if (!in.spec) return out;
    for (const auto& limit : in.spec->process.rlimits) {
        DataObject o{.type = "define.InspectUlimit"};
        o.add("Name", limit.type).add("Soft", limit.soft).add("Hard", limit.hard);
        out.emplace_back(std::move(o));
    }
    return out;
}

std::vector<std::string> security_options(const container::SecurityConfig& s) {
    std::vector<std::string> out;
    if (s.no_new_privileges) out.emplace_back("no-new-privileges");
    if (s.seccomp.mode == container::SeccompChoice::Mode::unconfined) out.emplace_back("seccomp=unconfined");
    if (s.seccomp.mode == container::SeccompChoice::Mode::file) out.push_back("seccomp=" + s.seccomp.path);
    for (const auto& option : s.label_options) out.push_back("label=" + option);
    return out;
}

void add_rights(DataObject& o, const InspectInput& in) {
    const auto& c = in.snapshot.config;
    o.add("CapAdd", Data::strings(c.security.cap_add)).add("CapDrop", Data::strings(c.security.cap_drop));
    o.add("Dns", Data::strings(c.network.dns_servers))
        .add("DnsOptions", Data::strings(c.network.dns_options));
    o.add("DnsSearch", Data::strings(c.network.dns_search));
    o.add("ExtraHosts", Data::strings(c.network.add_host)).add("GroupAdd", Data::strings(c.group_add));
    o.add("IpcMode", mode_text(c.ipc)).add("Cgroup", "").add("Cgroups", "default");
    o.add("Links", Data::nil_list()).add("OomScoreAdj", c.oom_score_adj.value_or(0));
    o.add("PidMode", mode_text(c.pid)).add("Privileged", c.security.privileged);
    o.add("PublishAllPorts", c.network.publish_all).add("ReadonlyRootfs", c.read_only);
    o.add("SecurityOpt", Data::strings(security_options(c.security))).add("Tmpfs", tmpfs_map(c));
    o.add("UTSMode", mode_text(c.uts));
    o.add("UsernsMode", c.userns.mode == container::UsernsConfig::Mode::host ? "" : "private");
    o.add("ShmSize", c.shm_size_bytes).add("Runtime", "oci");
}

void add_limits(DataObject& o, const InspectInput& in) {
    o.add("ConsoleSize", DataList{0, 0}).add("Isolation", "").add("CpuShares", 0).add("Memory", 0);
    o.add("NanoCpus", 0).add("CgroupParent", "").add("BlkioWeight", 0);
    o.add("BlkioWeightDevice", Data::nil_list()).add("BlkioDeviceReadBps", Data::nil_list());
    o.add("BlkioDeviceWriteBps", Data::nil_list()).add("BlkioDeviceReadIOps", Data::nil_list());
    o.add("BlkioDeviceWriteIOps", Data::nil_list()).add("CpuPeriod", 0).add("CpuQuota", 0);
    o.add("CpuRealtimePeriod", 0).add("CpuRealtimeRuntime", 0).add("CpusetCpus", "").add("CpusetMems", "");
    o.add("Devices", devices(in.snapshot.config)).add("DiskQuota", 0).add("KernelMemory", 0);
    o.add("MemoryReservation", 0).add("MemorySwap", 0).add("MemorySwappiness", 0);
    o.add("OomKillDisable", false).add("PidsLimit", 0).add("Ulimits", ulimits(in));
    o.add("CpuCount", 0).add("CpuPercent", 0).add("IOMaximumIOps", 0).add("IOMaximumBandwidth", 0);
    o.add("CgroupConf", Data());
}

}  // namespace

DataObject inspect_host_config(const InspectInput& in) {
    const auto& c = in.snapshot.config;
    DataObject o{.type = "define.InspectContainerHostConfig"};
    o.add("Binds", Data::strings(bind_texts(c)))
        .add("CgroupManager", "")
        .add("CgroupMode", mode_text(c.cgroupns));
    o.add("ContainerIDFile", c.cidfile).add("LogConfig", log_config(in));
    o.add("NetworkMode", network_text(c.network))
        .add("PortBindings", port_bindings(c.network.ports, exposed_ports(c, in.image)));
    DataObject restart{.type = "define.InspectRestartPolicy"};
    const auto policy = container::parse_restart_policy(c.restart);
    restart.add("Name", c.restart.substr(0, c.restart.find(':')))
        .add("MaximumRetryCount", int64_t{policy.max_retries});
    o.add("RestartPolicy", std::move(restart)).add("AutoRemove", c.remove);
    o.add("VolumeDriver", "").add("VolumesFrom", Data::strings_or_nil(c.volumes_from));
    add_rights(o, in);
    add_limits(o, in);
    return o;
}

}  // namespace rpod::cli
