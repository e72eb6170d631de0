// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/pods.hh"
#include "cli/run_options.hh"
#include "cli/stores.hh"
#include "container/parse_env.hh"
#include "container/parse_limits.hh"
#include "container/parse_mount.hh"
#include "container/parse_namespace.hh"
#include "container/publish.hh"
#include "container/restart_policy.hh"
#include "pod/life.hh"
#include "pod/record.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct CreateOptions {
    std::string name, hostname, share, exit_policy, restart, shm_size, pod_id_file;
    Strings labels, label_files, volumes, devices;
    UsernsOptions users;
    NetworkOptions network;
    bool infra = true, replace = false, share_parent = true;
};

constexpr const char* kInfra =
    "a pod of rpod has no infra container: its monitor holds what the members share";
constexpr const char* kLimits = "resource limits need cgroups, which rpod does not set up yet";

void refuse(CLI::App& flags, const char* flag, const char* reason) {
    flags
        .add_option_function<std::string>(
            flag,
            [flag, reason](const std::string&) { throw Error("{} is not supported: {}", flag, reason); })
        ->group("");
}

void define_refused(CLI::App& flags) {
    for (const char* flag : {"--infra-command", "--infra-conmon-pidfile", "--infra-image", "--infra-name"})
        refuse(flags, flag, kInfra);
    for (const char* flag : {"--cgroup-parent", "--cpus", "--cpu-shares", "--cpuset-cpus", "--cpuset-mems",
                             "--memory", "--memory-swap", "--blkio-weight"})
        refuse(flags, flag, kLimits);
    for (const char* flag : {"--ip", "--ip6", "--mac-address"})
        refuse(flags, flag, "the pod's address is rpod's to choose");
    refuse(flags, "--network-alias", "there are no networks on which others would look it up yet");
    refuse(flags, "--pid", "members share a PID namespace with --share +pid, and none can have the host's");
    refuse(flags, "--uts", "members share the host name with --share, or each has its own");
    refuse(flags, "--sysctl", "set it with run --sysctl, on one of the members");
    refuse(flags, "--security-opt", "set it with run --security-opt, on each member");
    refuse(flags, "--volumes-from", "volumes of other containers cannot be taken over yet");
    refuse(flags, "--gpus", "CDI devices are not supported yet");
}

void bind_flags(CLI::App& flags, CreateOptions& o) {
    flags.add_option("-n,--name", o.name, "Name of the pod (default: a random one)")->type_name("NAME");
    flags.add_option("--hostname", o.hostname, "Host name of the members (default: the pod's name)")
        ->type_name("NAME");
    flags
        .add_option(
            "--share", o.share,
            "Namespaces that the members share: ipc, net, uts, pid, cgroup, none; +x and -x change the "
            "default (ipc,net,uts)")
        ->type_name("NAMES");
    flags.add_flag("--share-parent", o.share_parent, "Members are in the pod's cgroup; of no effect yet");
    flags
        .add_option("--exit-policy", o.exit_policy,
                    "When its last container has ended: continue, stop (default continue)")
        ->type_name("POLICY");
    flags
        .add_option("--restart", o.restart,
                    "When its containers start again, where they do not say (default no)")
        ->type_name("POLICY");
    flags.add_option("-l,--label", o.labels, "Attach a label to the pod")->type_name("KEY[=VALUE]");
    flags.add_option("--label-file", o.label_files, "Attach the labels that a file lists")->type_name("FILE");
    flags.add_option("-v,--volume", o.volumes, "Bind a directory or volume in all members")
        ->type_name("[SOURCE:]DEST[:OPTIONS]");
    flags.add_option("--device", o.devices, "Bind a device of the host in all members")
        ->type_name("HOST[:DEST]");
    flags.add_option("--shm-size", o.shm_size, "Size of the shared /dev/shm (default 64m)")
        ->type_name("SIZE");
    flags.add_option("--pod-id-file", o.pod_id_file, "Write the pod's ID to a new file")->type_name("FILE");
    flags.add_flag("--replace", o.replace, "Remove a pod that has the name");
    flags.add_flag("--infra", o.infra, "Whether members share anything (default true)");
    add_userns_flags(flags, o.users);
    add_network_flags(flags, o.network);
    define_refused(flags);
}

void take_labels(const CreateOptions& o, container::ContainerConfig& base) {
    for (const auto& path : split_commas(o.label_files))
        container::take_label_file(base.labels, sys::read_file(path), path);
    for (const auto& text : o.labels) {
        auto [key, value] = container::parse_label(text, "label");
        base.labels[std::move(key)] = std::move(value);
    }
}

pod::PodConfig make_config(const CreateOptions& o, const Surroundings& around) {
    pod::PodConfig config;
    auto& base = config.base;
    base.name = o.name;
    base.hostname = o.hostname;
    config.shared = pod::parse_share(o.infra ? o.share : "none");
    config.exit_policy = pod::parse_exit_policy(o.exit_policy);
    if (!o.restart.empty()) container::parse_restart_policy(o.restart);
    base.restart = o.restart == "no" ? std::string() : o.restart;
    take_labels(o, base);
    for (const auto& text : o.volumes) base.mounts.push_back(container::parse_volume(text, around.cwd));
    container::require_distinct_destinations(base.mounts);
    for (const auto& text : split_commas(o.devices)) base.devices.push_back(container::parse_device(text));
    if (!o.shm_size.empty()) {
        const auto size = parse_size(o.shm_size);
        if (!size) throw Error("shm-size: '{}' is not a size such as 64m", printable(o.shm_size));
        base.shm_size_bytes = *size;
    }
    base.userns = parse_users(o.users, around);
    if (base.userns.mode == container::UsernsConfig::Mode::container ||
        base.userns.mode == container::UsernsConfig::Mode::path)
        throw Error("--userns {}: a pod has a user namespace of its own", o.users.userns.value_or(""));
    base.network = parse_network(o.network, false);
    using container::NamespaceMode;
    const auto network = container::network_namespace(base.network).mode;
    if (network == NamespaceMode::container || network == NamespaceMode::path)
        throw Error("--network {}: a pod has a network of its own, none, or the host's",
                    base.network.networks.front());
    if (network == NamespaceMode::host) config.shared.erase(oci::NamespaceType::network);
    if (!config.shared.contains(oci::NamespaceType::network) && !base.network.publish.empty())
        throw Error("ports of a pod whose members do not share a network of their own cannot be published");
    return config;
}

int run_create(Context& ctx, CreateOptions& o, const Args& args) {
    if (!args.empty()) {
        if (!o.name.empty())
            throw Error("the pod's name is given twice: {} and {}", o.name, printable(args[0]));
        o.name = args[0];
    }
    auto config = make_config(o, Surroundings::here());
    const auto paths = open_store(ctx);
    pod::sweep_pods(paths);
    if (o.replace) {
        if (o.name.empty()) throw Error("cannot replace pod without --name being set");
        if (const auto old = pod::lookup_pod(paths, o.name))
            pod::remove_pod(paths, *old, {.force = true, .stop_seconds = 0});
    }
    sys::Fd id_file;
    if (!o.pod_id_file.empty()) id_file = sys::open_file(o.pod_id_file, O_WRONLY | O_CREAT | O_EXCL, 0644);
    container::choose_ports(config.base, nullptr);
    pod::create_pod(paths, config);
    if (id_file) sys::write_all(id_file.get(), config.base.id, fmt::format("'{}'", o.pod_id_file));
    ctx.out << config.base.id << "\n";
    return 0;
}

Action define_create(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<CreateOptions>();
    bind_flags(flags, *options);
    return [options, &ctx](const Args& args) { return run_create(ctx, *options, args); };
}

}  // namespace

std::vector<Command> pod_create_commands() {
    return {{.name = "pod", .summary = "Manage pods"},
            {.name = "pod create",
             .arguments = "[options] [NAME]",
             .summary = "Make a pod",
             .arity = {.min = 0, .max = 1},
             .define = define_create}};
}

}  // namespace rpod::cli
