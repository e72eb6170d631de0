// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/pods.hh"
#include "cli/refused_options.hh"
#include "cli/run_options.hh"
#include "cli/stores.hh"
#include "container/id_file.hh"
#include "container/parse_env.hh"
#include "container/parse_limits.hh"
#include "container/parse_mount.hh"
#include "container/publish.hh"
#include "container/restart_policy.hh"
#include "pod/join.hh"
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

constexpr std::array kRefused{
    Refused{"--infra-command", kInfra},
    Refused{"--infra-conmon-pidfile", kInfra},
    Refused{"--infra-image", kInfra},
    Refused{"--infra-name", kInfra},
    Refused{"--cgroup-parent", kNoLimits},
    Refused{"--cpus", kNoLimits},
    Refused{"--cpu-shares", kNoLimits},
    Refused{"--cpuset-cpus", kNoLimits},
    Refused{"--cpuset-mems", kNoLimits},
    Refused{"-m,--memory", kNoLimits},
    Refused{"--memory-swap", kNoLimits},
    Refused{"--blkio-weight", kNoLimits},
    Refused{"--pid", "members share a PID namespace with --share +pid, and none can have the host's"},
    Refused{"--uts", "members share the host name with --share, or each has its own"},
    Refused{"--sysctl", "set it with run --sysctl, on one of the members"},
    Refused{"--security-opt", "set it with run --security-opt, on each member"},
    Refused{"--volumes-from", "set it with run --volumes-from, on each member"},
    Refused{"--gpus", kNoCdi}};

void bind_flags(CLI::App& flags, CreateOptions& o, const Args& words) {
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
    add_refused_flags(flags, kRefused, words);
}

pod::PodConfig make_config(const CreateOptions& o, const Surroundings& around) {
    pod::PodConfig config;
    auto& base = config.base;
    base.name = o.name;
    base.hostname = o.hostname;
    config.shared = pod::parse_share(o.infra ? o.share : "none");
    config.exit_policy = pod::parse_exit_policy(o.exit_policy);
    container::parse_restart_policy(o.restart);
    base.restart = o.restart == "no" ? std::string() : o.restart;
    take_labels(o.label_files, o.labels, base.labels);
    for (const auto& text : o.volumes) base.mounts.push_back(container::parse_volume(text, around.cwd));
    container::require_distinct_destinations(base.mounts);
    for (const auto& text : split_commas(o.devices)) base.devices.push_back(container::parse_device(text));
    if (!o.shm_size.empty()) base.shm_size_bytes = parse_shm_size(o.shm_size);
    base.userns = parse_users(o.users, around);
    base.network = parse_network(o.network, false);
    pod::check_pod(config);
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
    container::IdFile id_file(o.pod_id_file);
    container::choose_ports(config.base, nullptr);
    pod::create_pod(paths, config);
    id_file.write(config.base.id);
    id_file.keep();
    ctx.out << config.base.id << "\n";
    return 0;
}

Action define_create(CLI::App& flags, Context& ctx) {
    auto options = std::make_shared<CreateOptions>();
    bind_flags(flags, *options, ctx.words);
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
