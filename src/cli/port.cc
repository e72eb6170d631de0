// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/port.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_view.hh"
#include "cli/stores.hh"
#include "container/find.hh"
#include "container/port_change.hh"
#include "pod/port_change.hh"
#include "pod/record.hh"

namespace rpod::cli {
namespace {

struct PortOptions {
    bool all = false;
    bool latest = false;
};

struct Wanted {
    uint16_t port = 0;
    std::string protocol;
};

/// "80" or "80/udp".
Wanted parse_wanted(const std::string& text) {
    const auto parts = split(text, '/', 2);
    const auto port = parse_uint(parts[0], UINT16_MAX);
    if (!port) throw Error("'{}' is not a port", printable(text));
    return {.port = static_cast<uint16_t>(*port), .protocol = parts.size() == 2 ? to_lower(parts[1]) : "tcp"};
}

std::string host_address(const net::PortMapping& p, uint32_t offset) {
    return fmt::format("{}:{}", p.shown_ip(), p.host_port + offset);
}

void show_all(Context& ctx, const std::vector<net::PortMapping>& ports, const std::string& prefix) {
    for (const auto& p : ports) {
        for (uint32_t i = 0; i < p.range; ++i) {
            ctx.out << prefix << p.container_port + i << "/" << net::name(p.transport) << " -> "
                    << host_address(p, i) << "\n";
        }
    }
}

void show_one(Context& ctx, const std::vector<net::PortMapping>& ports, const std::string& text) {
    const auto wanted = parse_wanted(text);
    bool found = false;
    for (const auto& p : ports) {
        if (net::name(p.transport) != wanted.protocol || wanted.port < p.container_port ||
            wanted.port >= p.container_port + p.range)
            continue;
        ctx.out << host_address(p, static_cast<uint32_t>(wanted.port - p.container_port)) << "\n";
        found = true;
    }
    if (!found) throw Error("failed to find published port \"{}\"", printable(text));
}

/// A container, or else a pod.
struct Owner {
    std::string id;
    bool is_pod = false;
};

Owner find(const store::Paths& paths, const std::string& name) {
    if (auto id = container::lookup_container(paths, name)) return {.id = *std::move(id)};
    if (auto id = pod::lookup_pod(paths, name)) return {.id = *std::move(id), .is_pod = true};
    return {.id = container::find_container(paths, name).id};
}

std::vector<net::PortMapping> ports_of(const store::Paths& paths, const container::ContainerConfig& config) {
    const auto pod = config.pod.empty() ? std::nullopt : pod::find_record(paths, config.pod);
    return pod::ports_of(config, pod ? &*pod : nullptr);
}

std::vector<net::PortMapping> ports_of(const store::Paths& paths, const Owner& owner) {
    if (owner.is_pod) return pod::read_pod(paths, owner.id).base.network.ports;
    return ports_of(paths, container::take_snapshot(paths, owner.id).config);
}

int run_port(Context& ctx, const PortOptions& o, Args args) {
    const auto paths = open_store(ctx);
    if (o.all) {
        if (!args.empty() || o.latest) throw Error("--all and containers cannot be used together");
        for (const auto& s : container::take_snapshots(paths, container::Which::alive)) {
            if (s.is_running()) show_all(ctx, ports_of(paths, s.config), s.id.substr(0, 12) + "\t");
        }
        return 0;
    }
    if (!o.latest && args.empty()) throw Error("you must supply a running container name or id");
    Owner owner;
    if (o.latest) {
        owner.id = container::latest_container(paths);
    } else {
        owner = find(paths, args.front());
        args.erase(args.begin());
    }
    if (args.size() > 1) throw UsageError("too many arguments: at most one port", {});
    const auto ports = ports_of(paths, owner);
    if (args.empty()) {
        show_all(ctx, ports, "");
    } else {
        show_one(ctx, ports, args.front());
    }
    return 0;
}

Action define_port(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PortOptions>();
    flags.add_flag("-a,--all", o->all, "Of all containers that run");
    flags.add_flag("-l,--latest", o->latest, "Of the container that was made last");
    return [o, &ctx](const Args& args) { return run_port(ctx, *o, args); };
}

int run_add(Context& ctx, const Args& args) {
    const auto paths = open_store(ctx);
    const auto owner = find(paths, args.front());
    const Args publish(args.begin() + 1, args.end());
    show_all(ctx,
             owner.is_pod ? pod::add_ports(paths, owner.id, publish)
                          : container::add_ports(paths, owner.id, publish),
             "");
    return 0;
}

int run_rm(Context& ctx, const Args& args) {
    const auto paths = open_store(ctx);
    const auto owner = find(paths, args.front());
    for (auto arg = args.begin() + 1; arg != args.end(); ++arg) {
        const auto wanted = parse_wanted(*arg);
        const auto transport = net::find_transport(wanted.protocol);
        if (!transport) throw Error("'{}' is neither tcp nor udp", printable(*arg));
        if (owner.is_pod) {
            pod::remove_port(paths, owner.id, wanted.port, *transport);
        } else {
            container::remove_port(paths, owner.id, wanted.port, *transport);
        }
        ctx.out << *arg << "\n";
    }
    return 0;
}

Action define_add(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return run_add(ctx, args); };
}

Action define_rm(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return run_rm(ctx, args); };
}

}  // namespace

std::vector<Command> port_commands() {
    const Command add{.name = "port add",
                      .arguments = "CONTAINER|POD [[IP:][HOST]:]PORT[/PROTOCOL]...",
                      .summary = "Publish further ports of a container or pod, at once where it runs",
                      .arity = {.min = 2},
                      .define = define_add};
    const Command rm{.name = "port rm",
                     .arguments = "CONTAINER|POD PORT[/PROTOCOL]...",
                     .summary = "Publish ports of a container or pod no longer",
                     .arity = {.min = 2},
                     .define = define_rm};
    const Command port{.name = "port",
                       .arguments = "[options] CONTAINER|POD [PORT[/PROTOCOL]]",
                       .summary = "Show where the ports of a container or a pod are published",
                       .arity = {.min = 0, .max = 2},
                       .define = define_port};
    return {port, in_group("container port", port), add, rm};
}

}  // namespace rpod::cli
