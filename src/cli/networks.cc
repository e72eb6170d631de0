// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/networks.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/ask.hh"
#include "cli/container_view.hh"
#include "cli/filter_tests.hh"
#include "cli/filter_values.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "cli/template.hh"
#include "container/find.hh"
#include "container/remove.hh"
#include "net/address.hh"

namespace rpod::cli {
namespace {

using container::Network;
using Show = DataObject::Show;
using Users = std::map<std::string, std::vector<std::string>>;
using Test = FilterTests<Network>::Test;

constexpr int kExitUnknown = 1;
constexpr int kExitInUse = 2;

Error no_such_network(const std::string& name) {
    return Error("unable to find network with name or ID {}: network not found", printable(name))
        .with_exit_code(kExitUnknown);
}

DataObject make_network_view(const Network& n, bool whole_id) {
    DataObject subnet{.type = "types.Subnet"};
    subnet.add("Subnet", n.subnet.text(), "subnet").add("Gateway", net::to_string(n.gateway), "gateway");
    if (n.range) {
        DataObject range{.type = "types.LeaseRange"};
        range.add("StartIP", net::to_string(n.range->at(n.range->first() == n.subnet.first() ? 1 : 0)),
                  "start_ip");
        range.add("EndIP", net::to_string(in_addr{htonl(n.range->last())}), "end_ip");
        subnet.add("LeaseRange", std::move(range), "lease_range");
    }
    DataList subnets;
    subnets.emplace_back(std::move(subnet));
    DataObject o{.type = "types.Network"};
    o.add("Name", n.name, "name").add("ID", whole_id ? n.id : n.id.substr(0, 12), "id");
    o.add("Driver", "bridge", "driver").add("NetworkInterface", "bridge0", "network_interface");
    o.add("Created", timestamp(n.created), "created").add("Subnets", std::move(subnets), "subnets");
    o.add("IPv6Enabled", false, "ipv6_enabled").add("Internal", n.internal, "internal");
    o.add("DNSEnabled", n.dns, "dns_enabled");
    o.add("NetworkDNSServers", Data::strings(n.servers), "network_dns_servers", Show::unless_empty);
    o.add("Labels", Data::string_map(n.labels), "labels", Show::unless_empty);
    o.add("Options", Data::string_map(n.options), "options", Show::unless_empty);
    o.add("IPAMOptions", Data::string_map({{"driver", "host-local"}}), "ipam_options");
    o.methods["Label"] = label_method(n.labels);
    return o;
}

Test make_test(const std::string& key, const std::string& value, const Users& users) {
    if (key == "name") {
        const Pattern pattern(value);
        return [pattern](const Network& n) { return pattern.matches(n.name); };
    }
    if (key == "id") return [value](const Network& n) { return n.id.starts_with(value); };
    if (key == "driver") return [value](const Network&) { return value == "bridge"; };
    if (key == "label") return [value](const Network& n) { return has_label(n.labels, value); };
    if (key == "label!") return [value](const Network& n) { return !has_label(n.labels, value); };
    if (key == "dangling") {
        return [wanted = parse_bool_value(value, key), &users](const Network& n) {
            return users.contains(n.name) != wanted;
        };
    }
    if (key == "until") {
        return [limit = parse_moment(value)](const Network& n) { return timestamp(n.created) < limit; };
    }
    throw Error("invalid filter \"{}\"", printable(key));
}

FilterTests<Network> make_filter(const std::vector<std::string>& filters, const Users& users) {
    FilterTests<Network> tests;
    for (const auto& filter : filters) {
        const auto [key, value] = parse_filter(filter);
        tests.add(key, make_test(key, value, users));
    }
    return tests;
}

struct ListOptions {
    std::vector<std::string> filters;
    std::string format;
    bool no_heading = false, quiet = false, no_trunc = false;
};

int run_list(Context& ctx, const ListOptions& o) {
    const auto paths = open_store(ctx);
    const auto users = container::network_users(paths);
    const auto filter = make_filter(o.filters, users);
    Report report{
        .command = "network ls", .items = {}, .headers = {{"ID", "NETWORK ID"}}, .heading = !o.no_heading};
    const bool json = o.format == "json";
    for (const auto& network : container::list_networks(paths)) {
        if (!filter.hold(network)) continue;
        if (o.quiet) {
            ctx.out << network.name << "\n";
        } else {
            report.items.emplace_back(make_network_view(network, o.no_trunc || json));
        }
    }
    if (o.quiet) return 0;
    ctx.out << render(report, o.format.empty() ? "table {{.ID}}\t{{.Name}}\t{{.Driver}}" : o.format);
    return 0;
}

int run_inspect(Context& ctx, const std::string& format, const Args& args) {
    const auto paths = open_store(ctx);
    DataList found;
    std::vector<std::string> problems;
    for (const auto& name : args) {
        if (const auto network = container::find_network(paths, name)) {
            found.emplace_back(make_network_view(*network, true));
        } else {
            problems.push_back(fmt::format("network {}: {}", printable(name), no_such_network(name).what()));
        }
    }
    if (format.empty() || format == "json") {
        ctx.out << Data(found).to_json().dump(5) << "\n";
    } else {
        const Template text("network inspect", format);
        for (const auto& item : found) ctx.out << text.run(item) << "\n";
    }
    if (!problems.empty()) throw Error("{}", join(problems, "\n"));
    return 0;
}

struct RemoveOptions {
    bool force = false;
    std::optional<unsigned> time;
};

void remove_one(const store::Paths& paths, const Network& network, const RemoveOptions& o) {
    if (network.name == container::kDefaultNetwork)
        throw Error("default network {} cannot be removed", network.name);
    const auto users = container::network_users(paths);
    const auto used = users.find(network.name);
    if (used != users.end() && o.force) {
        for (const auto& id : used->second) {
            if (container::lookup_container(paths, id)) {
                container::remove_container(paths, id, {.force = true, .stop_seconds = o.time});
            } else {
                throw Error("network {} is used by pod {}", network.name, id)
                    .with_exit_code(kExitInUse)
                    .with_hint("rpod pod rm -f " + id.substr(0, 12));
            }
        }
    }
    if (!container::remove_networks(paths, {network}).empty()) return;
    throw Error(
        "\"{}\" has associated containers with it. Use -f to forcibly delete containers and pods: network is "
        "being used",
        network.name)
        .with_exit_code(kExitInUse);
}

int run_rm(Context& ctx, const RemoveOptions& o, const Args& args) {
    const auto paths = open_store(ctx);
    int code = 0;
    for (const auto& name : args) {
        try {
            const auto network = container::find_network(paths, name);
            if (!network && o.force) continue;
            if (!network) throw no_such_network(name);
            remove_one(paths, *network, o);
            ctx.out << name << "\n";
        } catch (const Error& e) {
            ctx.err << "Error: " << e.what() << "\n";
            code = std::max(code, e.exit_code());
        }
    }
    return code;
}

struct PruneOptions {
    std::vector<std::string> filters;
    bool force = false;
};

int run_prune(Context& ctx, const PruneOptions& o) {
    const auto paths = open_store(ctx);
    if (!o.force && !ask(ctx,
                         "WARNING! This will remove all networks not used by at least one container.\n"
                         "Are you sure you want to continue? [y/N] "))
        return 0;
    const auto users = container::network_users(paths);
    const auto filter = make_filter(o.filters, users);
    auto networks = container::list_networks(paths);
    std::erase_if(networks, [&](const Network& n) { return !filter.hold(n); });
    for (const auto& name : container::remove_networks(paths, networks)) ctx.out << name << "\n";
    return 0;
}

Action define_list(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ListOptions>();
    flags.add_option("-f,--filter", o->filters, "Show only networks for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_flag("-n,--noheading,--no-heading", o->no_heading, "Show no line of headings");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs");
    flags.add_flag("-q,--quiet", o->quiet, "Show names only");
    return [o, &ctx](const Args&) { return run_list(ctx, *o); };
}

Action define_inspect(CLI::App& flags, Context& ctx) {
    auto format = std::make_shared<std::string>();
    flags.add_option("-f,--format", *format, "\"json\", or a Go template for each")->type_name("TEMPLATE");
    return [format, &ctx](const Args& args) { return run_inspect(ctx, *format, args); };
}

Action define_rm(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<RemoveOptions>();
    flags.add_flag("-f,--force", o->force, "Remove containers that use it, too; a missing one is no error");
    flags.add_option("-t,--time", o->time, "Seconds from SIGTERM to SIGKILL for such containers")
        ->type_name("SECONDS");
    return [o, &ctx](const Args& args) { return run_rm(ctx, *o, args); };
}

Action define_prune(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PruneOptions>();
    flags.add_option("--filter", o->filters, "Remove only networks for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_flag("-f,--force", o->force, "Do not ask");
    return [o, &ctx](const Args&) { return run_prune(ctx, *o); };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return container::find_network(open_store(ctx), args[0]) ? 0 : 1; };
}

}  // namespace

Network require_network(const store::Paths& paths, const std::string& name) {
    auto network = container::find_network(paths, name);
    if (!network) throw no_such_network(name).with_exit_code(125);
    return *std::move(network);
}

std::vector<Command> network_commands() {
    const Command list{.name = "network ls",
                       .arguments = "[options]",
                       .summary = "List networks",
                       .arity = kNoArgs,
                       .define = define_list};
    return {Command{.name = "network", .summary = "Manage networks"},
            Command{.name = "network connect",
                    .arguments = "[options] NETWORK CONTAINER",
                    .summary = "Put a container on one more network",
                    .arity = {.min = 2, .max = 2},
                    .define = define_network_connect},
            Command{.name = "network create",
                    .arguments = "[options] [NAME]",
                    .summary = "Create a network",
                    .arity = {.min = 0, .max = 1},
                    .define = define_network_create},
            Command{.name = "network disconnect",
                    .arguments = "[options] NETWORK CONTAINER",
                    .summary = "Take a container from a network",
                    .arity = {.min = 2, .max = 2},
                    .define = define_network_disconnect},
            Command{.name = "network exists",
                    .arguments = "NETWORK",
                    .summary = "Tell by the exit code whether a network exists",
                    .arity = {.min = 1, .max = 1},
                    .define = define_exists},
            Command{.name = "network inspect",
                    .arguments = "[options] NETWORK [NETWORK...]",
                    .summary = "Show all that is known of networks",
                    .arity = kOneOrMore,
                    .define = define_inspect},
            list,
            in_group("network list", list),
            Command{.name = "network prune",
                    .arguments = "[options]",
                    .summary = "Remove networks that no container uses",
                    .arity = kNoArgs,
                    .define = define_prune},
            Command{.name = "network rm",
                    .arguments = "[options] NETWORK [NETWORK...]",
                    .summary = "Remove networks",
                    .arity = kOneOrMore,
                    .define = define_rm}};
}

}  // namespace rpod::cli
