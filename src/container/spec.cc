// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/spec.hh"

#include "base/error.hh"
#include "container/parse_limits.hh"
#include "container/parse_namespace.hh"
#include "container/spec_parts.hh"

namespace rpod::container {
namespace {

using oci::NamespaceType;

/// Adds the namespace unless it is the host's.
void add_namespace(const SpecInput& in, oci::Linux& out, NamespaceType type, const NamespaceChoice& choice) {
    if (choice.mode == NamespaceMode::host) return;
    const auto prepared = in.facts.namespaces.find(type);
    std::string path;
    if (prepared != in.facts.namespaces.end()) {
        path = prepared->second;
    } else if (choice.mode == NamespaceMode::path) {
        path = choice.target;
    } else if (choice.mode == NamespaceMode::container) {
        throw Error("the {} namespace of container '{}' is not known", oci::name(type), choice.target);
    } else if (choice.mode == NamespaceMode::pod) {
        throw Error("the pod has no {} namespace of its own", oci::name(type));
    }
    out.namespaces.push_back(oci::Namespace{.type = type, .path = std::move(path)});
}

NamespaceChoice userns_choice(const UsernsConfig& userns) {
    using Mode = UsernsConfig::Mode;
    if (userns.mode == Mode::container) return {NamespaceMode::container, userns.target};
    if (userns.mode == Mode::path) return {NamespaceMode::path, userns.target};
    return {};
}

void set_namespaces(const SpecInput& in, oci::Linux& out) {
    const auto& c = in.config;
    const auto userns = userns_choice(c.userns);
    if (!in.facts.uid_map.empty() || userns.mode != NamespaceMode::private_) {
        add_namespace(in, out, NamespaceType::user, userns);
        out.uid_mappings = in.facts.uid_map;
        out.gid_mappings = in.facts.gid_map;
    }
    out.namespaces.push_back(oci::Namespace{.type = NamespaceType::mount, .path = {}});
    add_namespace(in, out, NamespaceType::pid, c.pid);
    add_namespace(in, out, NamespaceType::network, network_namespace(c.network));
    add_namespace(in, out, NamespaceType::ipc, c.ipc);
    add_namespace(in, out, NamespaceType::uts, c.uts);
    if (in.facts.own_cgroupns || c.cgroupns.mode != NamespaceMode::private_) {
        add_namespace(in, out, NamespaceType::cgroup, c.cgroupns);
    }
}

/// A mount that receives or sends mounts can do so only while the root above it does (mount_namespaces(7)).
std::string root_propagation(const std::vector<Mount>& mounts) {
    std::string out;
    for (const auto& mount : mounts) {
        const auto* bind = std::get_if<BindMount>(&mount);
        const auto* volume = std::get_if<VolumeMount>(&mount);
        if (!bind && !volume) continue;
        const Propagation p = (bind ? bind->options : volume->options).propagation;
        if (p == Propagation::shared || p == Propagation::rshared) return "shared";
        if (p == Propagation::slave || p == Propagation::rslave) out = "slave";
    }
    return out;
}

/// Labels are the one thing where "no effect" depends on the machine.
void check_selinux(const SpecInput& in) {
    if (!in.facts.selinux) return;
    for (const auto& option : in.config.security.label_options) {
        if (option != "disable") throw Error("SELinux labels are not supported yet: 'label={}'", option);
    }
    for (const auto& mount : in.config.mounts) {
        const auto* bind = std::get_if<BindMount>(&mount);
        const auto* volume = std::get_if<VolumeMount>(&mount);
        const Relabel relabel = bind     ? bind->options.relabel
                                : volume ? volume->options.relabel
                                         : Relabel::none;
        if (relabel != Relabel::none) {
            throw Error("mount on '{}': SELinux relabelling (z, Z) is not supported yet",
                        destination_of(mount))
                .with_hint("leave the option out: containers of rpod run without a label of their own");
        }
    }
}

void set_seccomp(const SecurityConfig& security, oci::Linux& out) {
    switch (security.seccomp.mode) {
        case SeccompChoice::Mode::standard:
            if (!security.privileged) out.seccomp_profile = "default";
            break;
        case SeccompChoice::Mode::file:
            out.seccomp_profile = security.seccomp.path;
            break;
        case SeccompChoice::Mode::unconfined:
            break;
    }
}

}  // namespace

std::string container_hostname(const ContainerConfig& config, const std::string& host_hostname) {
    if (!config.hostname.empty()) return config.hostname;
    const bool host_net = network_namespace(config.network).mode == NamespaceMode::host;
    if (config.uts.mode != NamespaceMode::private_ || host_net) return host_hostname;
    return config.id.substr(0, 12);
}

int stop_signal(const ContainerConfig& config, const oci::RunConfig* image) {
    if (!config.stop_signal.empty()) return parse_signal(config.stop_signal);
    if (image && !image->stop_signal.empty()) {
        return in_context([&] { return parse_signal(image->stop_signal); }, "image: stop signal");
    }
    return parse_signal("TERM");
}

std::string containerenv(const ContainerConfig& config, const std::string& image_name,
                         const std::string& image_id, const std::string& version) {
    // "rootless" and "engine" are what podman writes; toolbox and distrobox read the file with a shell.
    return fmt::format(
        "engine=\"rpod-{}\"\nname=\"{}\"\nid=\"{}\"\nimage=\"{}\"\nimageid=\"{}\"\nrootless=1\n", version,
        config.name, config.id, image_name, image_id);
}

oci::RuntimeSpec make_spec(const ContainerConfig& config, const oci::RunConfig* image,
                           const HostFacts& facts) {
    const SpecInput in{config, image, facts};
    check_selinux(in);
    check_sysctls(config);
    oci::RuntimeSpec spec;
    spec.process = make_process(in);
    spec.root = oci::Root{.path = facts.rootfs, .readonly = config.read_only};
    if (config.uts.mode == NamespaceMode::private_)
        spec.hostname = container_hostname(config, facts.hostname);
    spec.mounts = make_mounts(in);
    spec.annotations = config.annotations;
    spec.annotations.emplace("org.opencontainers.image.stopSignal",
                             fmt::to_string(stop_signal(config, image)));
    set_namespaces(in, spec.linux);
    spec.linux.sysctl = config.sysctls;
    spec.linux.rootfs_propagation = root_propagation(config.mounts);
    set_masked_paths(in, spec.linux);
    set_seccomp(config.security, spec.linux);
    spec.validate();
    return spec;
}

}  // namespace rpod::container
