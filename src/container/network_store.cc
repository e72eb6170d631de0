// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_store.hh"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/config.hh"
#include "container/find.hh"
#include "container/record.hh"
#include "net/address.hh"
#include "store/event_log.hh"
#include "store/lock.hh"
#include "store/names.hh"
#include "store/record.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr store::RecordKind kNetwork{.file = "network.json", .version = 1};

/// podman's: scripts know it.
constexpr const char* kDefaultId = "2f259bab93aaaaa2542ba43ef33eb990d0999ee1b9924b557b7be53c0b7a1bb9";

constexpr unsigned kDefaultMtu = 65520;

net::Subnet subnet_of(std::string_view text) {
    const auto subnet = net::parse_subnet(text);
    if (!subnet) throw Error("'{}' is not an IPv4 network like 10.89.0.0/24", printable(text));
    return *subnet;
}

Network default_network() {
    Network network;
    network.id = kDefaultId;
    network.name = kDefaultNetwork;
    network.created = std::chrono::system_clock::now();
    network.subnet = subnet_of("10.88.0.0/16");
    network.gateway = network.subnet.at(1);
    network.dns = false;
    return network;
}

/// libslirp's own addresses of pods without a network of their own.
net::Subnet slirp_subnet() { return subnet_of("10.0.2.0/24"); }

std::vector<net::Subnet> taken_subnets(const store::Paths& paths) {
    std::vector<net::Subnet> taken{slirp_subnet()};
    for (const auto& network : list_networks(paths)) taken.push_back(network.subnet);
    return taken;
}

/// podman's pools: 10.89.0.0/24 to 10.255.255.0/24.
net::Subnet choose_subnet(const std::vector<net::Subnet>& taken) {
    auto all = net::connected_subnets();
    all.insert(all.end(), taken.begin(), taken.end());
    auto subnet = subnet_of("10.89.0.0/24");
    const auto end = subnet_of("10.255.255.0/24");
    for (; subnet.first() <= end.first(); subnet.network = subnet.at(256)) {
        if (std::none_of(all.begin(), all.end(), [&](const auto& t) { return t.overlaps(subnet); }))
            return subnet;
    }
    throw Error("could not find free subnet from subnet pools");
}

void choose_addresses(const store::Paths& paths, NetworkRequest& request) {
    auto& n = request.network;
    const auto taken = taken_subnets(paths);
    if (!request.has_subnet) {
        if (request.has_gateway || n.range) throw Error("cannot set gateway or ip-range without subnet");
        n.subnet = choose_subnet(taken);
    }
    for (const auto& other : taken) {
        if (other.overlaps(n.subnet))
            throw Error("subnet {} is already used on the host or by another config", n.subnet.text());
    }
    if (!request.has_gateway) n.gateway = n.subnet.at(1);
    const auto gateway = ntohl(n.gateway.s_addr);
    if (!n.subnet.contains(n.gateway) || gateway == n.subnet.first() || gateway == n.subnet.last())
        throw Error("gateway {} not in subnet {}", net::to_string(n.gateway), n.subnet.text());
    if (n.range && (n.range->first() < n.subnet.first() || n.range->last() > n.subnet.last()))
        throw Error("ip-range {} not in subnet {}", n.range->text(), n.subnet.text());
}

void write_record(const std::filesystem::path& directory, const Network& n) {
    auto record = store::make_record(kNetwork);
    record.set("name", n.name).set("created", format_time(n.created)).set("subnet", n.subnet.text());
    record.set("gateway", net::to_string(n.gateway)).set("internal", n.internal).set("dns", n.dns);
    if (n.range) record.set("range", n.range->text());
    if (!n.servers.empty()) record.set("servers", json::Builder::of(n.servers));
    if (!n.labels.empty()) record.set("labels", json::Builder::of(n.labels));
    if (!n.options.empty()) record.set("options", json::Builder::of(n.options));
    store::replace_record(sys::open_file(directory, O_PATH | O_DIRECTORY).get(), kNetwork, record);
}

std::optional<Network> read_network(const store::Paths& paths, const std::string& id) {
    if (id == kDefaultId) return default_network();
    const auto directory = sys::find_at(AT_FDCWD, paths.networks() / id, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) return std::nullopt;
    const auto record = store::find_record(directory->get(), kNetwork, "network " + id);
    if (!record) return std::nullopt;
    Network n;
    n.id = id;
    n.name = record->at("name").as_string();
    n.created = parse_time(record->at("created").as_string());
    n.subnet = subnet_of(record->at("subnet").as_string());
    const auto gateway = net::parse_ipv4(record->at("gateway").as_string());
    if (!gateway) throw Error("network {}: its gateway is no IPv4 address", id);
    n.gateway = *gateway;
    if (const auto range = record->string_or("range"); !range.empty()) n.range = subnet_of(range);
    n.internal = record->bool_or("internal", false);
    n.dns = record->bool_or("dns", true);
    n.servers = record->strings_or_empty("servers");
    n.labels = record->string_map_or_empty("labels");
    n.options = record->string_map_or_empty("options");
    return n;
}

/// What was typed may be an ID.
std::string full_name(const store::Paths& paths, const std::string& text) {
    const auto name = network_name(text);
    if (store::is_name_taken(paths.networks(), name)) return name;
    const auto network = find_network(paths, name);
    return network ? network->name : name;
}

void note_users(const store::Paths& paths, const NetworkConfig& config, const std::string& id,
                std::map<std::string, std::vector<std::string>>& users) {
    for (const auto& text : config.networks) {
        if (is_network_name(text)) users[full_name(paths, text)].push_back(id);
    }
}

void note_record(const store::Paths& paths, const std::filesystem::path& file, const std::string& id,
                 std::map<std::string, std::vector<std::string>>& users) {
    const auto text = sys::find_file(file);
    if (!text) return;
    if (file.parent_path().parent_path() != paths.pods())
        return note_users(paths, config_from_json(*text, file).network, id, users);
    // What pods share is written as a container's configuration (pod/config.hh).
    const auto record = json::Value::parse(*text, file);
    if (const auto base = record.find("base"))
        note_users(paths, config_from_json(base->dump(), file).network, id, users);
}

/// What a removal that was killed, or failed, has left: a directory without a record. The caller has the
/// store's lock, so that none is being made.
void finish_removals(const store::Paths& paths) {
    for (const auto& id : store::record_ids(paths.networks())) {
        const auto directory = paths.networks() / id;
        if (id == kDefaultId || sys::find_at(AT_FDCWD, directory / kNetwork.file, O_PATH)) continue;
        sys::remove_tree_at(AT_FDCWD, directory);
        sys::remove_tree_at(AT_FDCWD, paths.run() / id);
    }
}

/// A network's process ends soon after its last container; until then it uses files of the directory.
void wait_for_process(const std::filesystem::path& directory) {
    constexpr auto kPause = std::chrono::milliseconds(10);
    constexpr int kTries = 500;
    for (int i = 0; i < kTries && is_alive(directory); ++i) std::this_thread::sleep_for(kPause);
}

}  // namespace

unsigned Network::mtu() const {
    const auto it = options.find("mtu");
    return it == options.end()
               ? kDefaultMtu
               : static_cast<unsigned>(parse_uint(it->second, kDefaultMtu).value_or(kDefaultMtu));
}

bool is_network_name(std::string_view text) {
    const auto name = text.substr(0, text.find(':'));
    constexpr std::string_view kModes[] = {"",    "none",        "host",  "private",   "default",
                                           "pod", "slirp4netns", "pasta", "container", "ns"};
    return std::find(std::begin(kModes), std::end(kModes), name) == std::end(kModes);
}

std::string network_name(std::string_view text) {
    const auto name = text.substr(0, text.find(':'));
    return std::string(name == "bridge" ? kDefaultNetwork : name);
}

Network create_network(const store::Paths& paths, NetworkRequest request) {
    auto& n = request.network;
    n.id = sys::random_hex(32);
    n.created = std::chrono::system_clock::now();
    sys::make_dirs(paths.networks());
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    finish_removals(paths);
    if (n.name.empty()) {
        const auto taken = [&](const std::string& name) {
            return store::is_name_taken(paths.networks(), name);
        };
        unsigned number = 1;
        while (taken(fmt::format("podman{}", number))) ++number;
        n.name = fmt::format("podman{}", number);
    }
    store::require_valid_name(n.name);
    if (n.name == kDefaultNetwork || store::is_name_taken(paths.networks(), n.name))
        throw Error("network name {} already used: network already exists", n.name);
    if (!is_network_name(n.name) || n.name == "bridge")
        throw Error("cannot create network with name \"{}\" because it conflicts with a valid network mode",
                    n.name);
    choose_addresses(paths, request);
    if (!store::claim_record_name(paths.networks(), n.name, n.id))
        throw Error("network name {} already used: network already exists", n.name);
    const auto directory = paths.networks() / n.id;
    sys::make_dirs(directory, 0700);
    write_record(directory, n);
    store::note_event(paths, {.type = "network", .status = "create", .id = n.id, .name = n.name});
    return n;
}

std::vector<Network> list_networks(const store::Paths& paths) {
    std::vector<Network> networks{default_network()};
    for (const auto& id : store::record_ids(paths.networks())) {
        if (id == kDefaultId) continue;
        try {
            if (auto network = read_network(paths, id)) networks.push_back(*std::move(network));
        } catch (const Error& e) {
            log::warn("network {}: {}", id, e.what());
        }
    }
    std::sort(networks.begin(), networks.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return networks;
}

std::optional<Network> find_network(const store::Paths& paths, const std::string& name) {
    if (name == kDefaultNetwork || name == "bridge") return default_network();
    if (const auto id = store::lookup_record(paths.networks(), "network", name))
        return read_network(paths, *id);
    if (name.size() >= 3 && std::string_view(kDefaultId).starts_with(name)) return default_network();
    return std::nullopt;
}

std::map<std::string, std::vector<std::string>> network_users(const store::Paths& paths) {
    std::map<std::string, std::vector<std::string>> users;
    for (const auto& records : {paths.containers(), paths.pods()}) {
        for (const auto& id : store::record_ids(records)) {
            try {
                note_record(paths, records / id / "config.json", id, users);
            } catch (const Error& e) {
                log::warn("{}", e.what());
            }
        }
    }
    return users;
}

std::vector<std::string> remove_networks(const store::Paths& paths, const std::vector<Network>& networks) {
    std::vector<std::string> gone;
    // Containers are made under the lock: none begins to use one of these meanwhile.
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto users = network_users(paths);
    for (const auto& network : networks) {
        if (users.contains(network.name) || network.id == kDefaultId) continue;
        wait_for_process(paths.networks() / network.id);
        sys::remove_tree_at(AT_FDCWD, paths.networks() / network.id);
        sys::remove_tree_at(AT_FDCWD, paths.run() / network.id);
        store::Names(paths.networks() / "names").release(network.name, network.id);
        store::note_event(paths,
                          {.type = "network", .status = "remove", .id = network.id, .name = network.name});
        gone.push_back(network.name);
    }
    return gone;
}

}  // namespace rpod::container
