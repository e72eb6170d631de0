// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_select.hh"
#include "cli/run_options.hh"
#include "container/parse_namespace.hh"

namespace rpod::cli {
namespace {

using container::NamespaceMode;

constexpr const char* kNamespaces = "Namespaces and users";
constexpr const char* kNetwork = "Network";

/// A port or a range, with a protocol: "80", "80-90/udp".
void check_port(std::string_view text) {
    const auto parts = split(text, '/');
    const auto range = split(parts[0], '-');
    bool ok = parts.size() <= 2 && range.size() <= 2;
    for (const auto part : range) ok = ok && parse_uint(part, 65535).value_or(0) > 0;
    ok = ok && parse_uint(range.front()) <= parse_uint(range.back());
    if (parts.size() == 2) ok = ok && (parts[1] == "tcp" || parts[1] == "udp" || parts[1] == "sctp");
    if (!ok) throw Error("expose '{}': expected PORT[-PORT][/tcp|udp|sctp]", printable(text));
}

std::string wanted_pod(const NamespaceOptions& o) {
    if (o.pod_id_file.empty()) return o.pod;
    if (!o.pod.empty()) throw Error("cannot specify both --pod and --pod-id-file");
    return *read_id_file(o.pod_id_file, false);
}

/// What is not said is the pod's.
std::string or_pod(const std::string& text, bool in_pod) {
    if (text == "pod" && !in_pod)
        throw Error("namespace 'pod': the container belongs to no pod").with_hint("name one with --pod");
    return text.empty() && in_pod ? "pod" : text;
}

}  // namespace

void add_namespace_flags(CLI::App& app, NamespaceOptions& o) {
    add_userns_flags(app, o.users);
    const auto add = [&](const char* flag, std::string& value, const char* help) {
        app.add_option(flag, value, help)->type_name("MODE")->group(kNamespaces);
    };
    add("--pid", o.pid, "Process IDs: private, host, container:NAME, ns:PATH");
    add("--ipc", o.ipc, "Shared memory and queues: shareable, private, none, host, container:NAME, ns:PATH");
    add("--uts", o.uts, "Host name: private, host, container:NAME, ns:PATH");
    add("--cgroupns", o.cgroupns, "View of the cgroups: private, host, container:NAME, ns:PATH");
    app.add_option("--pod", o.pod, "Make the container a member of a pod; new:NAME makes the pod, too")
        ->type_name("POD")
        ->group(kNamespaces);
    app.add_option("--pod-id-file", o.pod_id_file, "The same, with the pod's ID in a file")
        ->type_name("FILE")
        ->group(kNamespaces);

    add_network_flags(app, o.network);
    app.add_option("--expose", o.expose, "Note a port that the container serves")
        ->type_name("PORT[/PROTO]")
        ->group(kNetwork);
    app.add_flag("-P,--publish-all", o.publish_all, "Publish all exposed ports at free ports of the host")
        ->group(kNetwork);
}

void apply(const NamespaceOptions& o, const Surroundings& around, container::ContainerConfig& config,
           RunModes& modes) {
    modes.pod = wanted_pod(o);
    const bool in_pod = !modes.pod.empty();
    if (!in_pod || o.users.userns.value_or("pod") != "pod" || !o.users.uid_maps.empty() ||
        !o.users.gid_maps.empty() || !o.users.subuid_name.empty() || !o.users.subgid_name.empty()) {
        config.userns = parse_users(o.users, around);
    }
    config.pid = container::parse_namespace(or_pod(o.pid, in_pod), "pid");
    config.ipc = container::parse_ipc(or_pod(o.ipc, in_pod));
    config.uts = container::parse_namespace(or_pod(o.uts, in_pod), "uts");
    config.cgroupns = container::parse_namespace(or_pod(o.cgroupns, in_pod), "cgroupns");
    config.network = parse_network(o.network, in_pod);
    if (in_pod && config.network.networks.empty()) config.network.networks = {"pod"};
    config.network.expose = split_commas(o.expose);
    for (const auto& text : config.network.expose) check_port(text);
    config.network.publish_all = o.publish_all;
    const bool others_uts =
        config.uts.mode != NamespaceMode::private_ && config.uts.mode != NamespaceMode::pod;
    if (!config.hostname.empty() && others_uts) {
        throw Error("--hostname cannot be set: the container uses a UTS namespace that is not its own");
    }
}

}  // namespace rpod::cli
