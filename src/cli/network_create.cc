// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/networks.hh"
#include "cli/refused_options.hh"
#include "cli/stores.hh"
#include "container/parse_env.hh"
#include "net/address.hh"

namespace rpod::cli {
namespace {

constexpr std::array kRefused{
    Refused{"--ipv6", "networks have IPv4 alone yet", false},
    Refused{"--route", "the only route is the default one"},
    Refused{"--interface-name", "the bridge has a network namespace of its own, where no other name is"},
    Refused{"--ipam-driver", "rpod gives out addresses itself", true, {"host-local", "\xff"}},
    Refused{"--macvlan", "an unprivileged user has no interface of the host to share"}};

struct CreateOptions {
    std::string driver = "bridge";
    std::vector<std::string> subnets, gateways, ranges, labels, options, servers;
    bool internal = false, disable_dns = false, ignore = false;
};

std::string only(const std::vector<std::string>& values, const char* flag) {
    if (values.size() > 1) throw Error("{}: one network has one subnet yet", flag);
    return values.empty() ? std::string() : values.front();
}

net::Subnet parse_subnet(const std::string& text, const char* flag) {
    if (text.find(':') != text.npos)
        throw Error("{} {}: networks have IPv4 alone yet", flag, printable(text));
    const auto subnet = net::parse_subnet(text);
    if (!subnet) throw Error("{}: '{}' is not an IPv4 network like 10.89.0.0/24", flag, printable(text));
    return *subnet;
}

in_addr parse_address(const std::string& text, const char* flag) {
    const auto address = net::parse_ipv4(text);
    if (!address) throw Error("{}: '{}' is not an IPv4 address", flag, printable(text));
    return *address;
}

void check_options(const std::map<std::string, std::string>& options) {
    for (const auto& [key, value] : options) {
        if (key != "mtu" && key != "com.docker.network.driver.mtu")
            throw Error("unsupported bridge network option {}", printable(key)).with_hint("mtu is supported");
        const auto mtu = parse_uint(value, 65520);
        if (!mtu || *mtu < 576)
            throw Error("--opt mtu: '{}' is not a number between 576 and 65520", printable(value));
    }
}

container::NetworkRequest to_request(const CreateOptions& o) {
    container::NetworkRequest request;
    auto& n = request.network;
    const auto subnet = only(o.subnets, "--subnet"), gateway = only(o.gateways, "--gateway"),
               range = only(o.ranges, "--ip-range");
    request.has_subnet = !subnet.empty();
    request.has_gateway = !gateway.empty();
    if (request.has_subnet) n.subnet = parse_subnet(subnet, "--subnet");
    if (request.has_gateway) n.gateway = parse_address(gateway, "--gateway");
    if (!range.empty()) n.range = parse_subnet(range, "--ip-range");
    for (const auto& text : o.servers) n.servers.push_back(net::to_string(parse_address(text, "--dns")));
    for (const auto& text : o.labels) container::take_label(n.labels, text, "label");
    for (const auto& text : o.options) container::take_label(n.options, text, "opt");
    check_options(n.options);
    if (const auto it = n.options.find("com.docker.network.driver.mtu"); it != n.options.end()) {
        n.options["mtu"] = it->second;
        n.options.erase(it);
    }
    n.internal = o.internal;
    n.dns = !o.disable_dns;
    if (!n.dns && !n.servers.empty()) throw Error("cannot set --dns and --disable-dns together");
    return request;
}

int run_create(Context& ctx, const CreateOptions& o, const Args& args) {
    if (o.driver != "bridge")
        throw Error("unsupported driver {}: only bridge is there for an unprivileged user",
                    printable(o.driver));
    auto request = to_request(o);
    if (!args.empty()) request.network.name = args[0];
    const auto paths = open_store(ctx);
    const auto existing = o.ignore && !args.empty() ? container::find_network(paths, args[0]) : std::nullopt;
    const bool exists = existing && existing->name == args[0];
    ctx.out << (exists ? existing->name : container::create_network(paths, std::move(request)).name) << "\n";
    return 0;
}

}  // namespace

Action define_network_create(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CreateOptions>();
    flags.add_flag("--disable-dns", o->disable_dns, "Names of containers are not answered");
    flags.add_option("--dns", o->servers, "Name server to ask in place of the host's")->type_name("IP");
    flags.add_option("-d,--driver", o->driver, "Network driver; only: bridge")->type_name("DRIVER");
    flags.add_option("--gateway", o->gateways, "The gateway's address (default: the first one)")
        ->type_name("IP");
    flags.add_flag("--ignore", o->ignore, "One that exists already is no error");
    flags.add_flag("--internal", o->internal, "Nothing outside can be reached");
    flags.add_option("--ip-range", o->ranges, "Give out addresses of this part of the subnet alone")
        ->type_name("NETWORK");
    flags.add_option("--label", o->labels, "Attach a label")->type_name("KEY[=VALUE]");
    flags.add_option("-o,--opt", o->options, "mtu=BYTES")->type_name("KEY=VALUE");
    flags.add_option("--subnet", o->subnets, "Its addresses (default: a free 10.89.N.0/24)")
        ->type_name("NETWORK");
    add_refused_flags(flags, kRefused, ctx.words);
    return [o, &ctx](const Args& args) { return run_create(ctx, *o, args); };
}

}  // namespace rpod::cli
