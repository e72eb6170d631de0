// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_change.hh"

#include <CLI/CLI.hpp>
#include <array>
#include <memory>

#include "base/strings.hh"
#include "cli/networks.hh"
#include "cli/refused_options.hh"
#include "cli/stores.hh"
#include "container/find.hh"

namespace rpod::cli {
namespace {

constexpr std::array kRefused{Refused{"--ip6", "networks have IPv4 alone yet"}};

struct ConnectOptions {
    std::vector<std::string> aliases;
    std::string ip, mac;
};

int run_connect(Context& ctx, const ConnectOptions& o, const Args& args) {
    const auto paths = open_store(ctx);
    const auto network = require_network(paths, args[0]);
    std::vector<std::string> options;
    for (const auto& alias : o.aliases) options.push_back("alias=" + alias);
    if (!o.ip.empty()) options.push_back("ip=" + o.ip);
    if (!o.mac.empty()) options.push_back("mac=" + o.mac);
    const auto attachment = options.empty() ? network.name : network.name + ":" + join(options, ",");
    container::connect_network(paths, container::find_container(paths, args[1]).id, attachment);
    return 0;
}

int run_disconnect(Context& ctx, bool force, const Args& args) {
    const auto paths = open_store(ctx);
    const auto network = require_network(paths, args[0]);
    const auto id = container::find_container(paths, args[1]).id;
    if (force && !container::is_on_network(paths, id, network)) return 0;
    container::disconnect_network(paths, id, network);
    return 0;
}

}  // namespace

Action define_network_connect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ConnectOptions>();
    flags.add_option("--alias", o->aliases, "Another name on the network")->type_name("NAME");
    flags.add_option("--ip", o->ip, "Address on the network")->type_name("IP");
    flags.add_option("--mac-address", o->mac, "Hardware address on the network")->type_name("MAC");
    add_refused_flags(flags, kRefused, ctx.words);
    return [o, &ctx](const Args& args) { return run_connect(ctx, *o, args); };
}

Action define_network_disconnect(CLI::App& flags, Context& ctx) {
    auto force = std::make_shared<bool>(false);
    flags.add_flag("-f,--force", *force, "A container that is not on the network is no error");
    return [force, &ctx](const Args& args) { return run_disconnect(ctx, *force, args); };
}

}  // namespace rpod::cli
