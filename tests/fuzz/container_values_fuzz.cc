// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Whatever the parsers of flag values accept is what it claims to be, survives the record, and makes a valid
// spec or an error. The same input goes to every parser; one that begins with '{' is a record.
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.hh"
#include "container/config.hh"
#include "container/parse_limits.hh"
#include "container/parse_mount.hh"
#include "container/parse_namespace.hh"
#include "container/parse_path.hh"
#include "container/parse_port.hh"
#include "container/parse_security.hh"
#include "container/spec.hh"

namespace {

using namespace rpod;
using namespace rpod::container;

void require(bool good) {
    if (!good) std::abort();
}

template <class Fn>
auto accepted(Fn fn) -> std::optional<decltype(fn())> {
    try {
        return fn();
    } catch (const Error&) {
        return std::nullopt;
    }
}

void check_mount(const Mount& mount, ContainerConfig& config) {
    const std::string& path = destination_of(mount);
    require(path.starts_with('/') && path != "/" && clean_path(path) == path);
    require(path.find('\0') == std::string::npos);
    if (const auto* bind = std::get_if<BindMount>(&mount)) require(bind->source.starts_with('/'));
    config.mounts.push_back(mount);
}

void check_map(const IdMapping& m) {
    require(m.count > 0 && uint64_t{m.inside} + m.count < UINT32_MAX + uint64_t{1});
    require(uint64_t{m.outside} + m.count < UINT32_MAX + uint64_t{1});
}

void check_ports(const std::vector<net::PortMapping>& ports) {
    require(!ports.empty() && ports.size() <= net::kMaxListeners);
    for (const auto& p : ports) {
        require(p.container_port > 0 && p.range > 0 && p.container_port + p.range - 1 <= UINT16_MAX);
        require(p.host_port == 0 ? p.range == 1 : p.host_port + p.range - 1 <= UINT16_MAX);
    }
}

/// A config with all that the text can mean.
ContainerConfig config_of(std::string_view text) {
    ContainerConfig c;
    c.id = "4f2c90fabe21d7c1";
    c.name = "x";
    c.command = {"true"};
    if (const auto m = accepted([&] { return parse_volume(text, "/cwd"); })) check_mount(*m, c);
    if (const auto m = accepted([&] { return parse_mount(text, "/cwd"); })) check_mount(*m, c);
    if (const auto m = accepted([&] { return parse_tmpfs(text); })) check_mount(*m, c);
    if (const auto u = accepted([&] { return parse_userns(text); })) {
        for (const auto& m : u->uid_maps) check_map(m);
        require(!u->size || *u->size > 0);
        c.userns = *u;
    }
    if (const auto m = accepted([&] { return parse_id_mapping(text, "uidmap"); })) check_map(*m);
    if (const auto n = accepted([&] { return parse_namespace(text, "uts"); })) c.uts = *n;
    if (const auto n = accepted([&] { return parse_ipc(text); })) c.ipc = *n;
    if (const auto u = accepted([&] { return parse_ulimit(text); })) {
        require(u->hard == kUnlimited || (u->soft != kUnlimited && u->soft <= u->hard));
        c.ulimits.push_back(*u);
    }
    if (const auto s = accepted([&] { return parse_sysctl(text); })) {
        require((s->first + s->second).find_first_of("+|\n\0") == std::string::npos);
        c.sysctls.insert(*s);
    }
    if (const auto d = accepted([&] { return parse_device(text); })) c.devices.push_back(*d);
    if (const auto h = accepted([&] { return parse_add_host(text); })) c.network.add_host.push_back(*h);
    if (const auto p = accepted([&] { return parse_expose(text); })) check_ports(*p);
    if (const auto p = accepted([&] { return parse_publish(text); })) {
        check_ports(*p);
        c.network.publish.emplace_back(text);
        c.network.ports = *p;
    }
    if (const auto s = accepted([&] { return parse_signal(text); })) require(*s >= 1 && *s <= 64);
    if (const auto m = accepted([&] { return parse_umask(text); })) require(*m <= 0777);
    accepted([&] { return take_security_option(c.security, text, "/cwd"), 0; });
    if (accepted([&] { return check_user(text, "user"), 0; })) c.user = text;
    return c;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ContainerConfig config;
    if (text.starts_with('{')) {
        const auto read = accepted([&] { return config_from_json(text, "config.json"); });
        if (!read) return 0;
        config = *read;
    } else {
        config = config_of(text);
    }
    const std::string record = to_json(config);
    // The first writing makes text of what is none in UTF-8; from then on nothing changes.
    const auto again = accepted([&] { return config_from_json(record, "again"); });
    require(again.has_value() && to_json(*again) == record);
    HostFacts facts;
    facts.rootfs = "/root";
    accepted([&] { return make_spec(config, nullptr, facts); });
    return 0;
}
