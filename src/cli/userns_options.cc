// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>

#include "base/error.hh"
#include "cli/run_options.hh"
#include "container/parse_namespace.hh"

namespace rpod::cli {
namespace {

constexpr const char* kNamespaces = "Namespaces and users";

}  // namespace

void add_userns_flags(CLI::App& app, UsernsOptions& o) {
    app.add_option("--userns", o.userns,
                   "host, keep-id[:uid=,gid=,size=], nomap, auto[:size=], container:NAME")
        ->type_name("MODE")
        ->group(kNamespaces);
    app.add_option("--uidmap", o.uid_maps, "Map user IDs line by line; 1 is the first subordinate ID")
        ->type_name("INSIDE:OUTSIDE[:COUNT]")
        ->group(kNamespaces);
    app.add_option("--gidmap", o.gid_maps, "Map group IDs line by line")
        ->type_name("INSIDE:OUTSIDE[:COUNT]")
        ->group(kNamespaces);
    app.add_option("--subuidname", o.subuid_name, "Whose lines of /etc/subuid to use")
        ->type_name("NAME")
        ->group(kNamespaces);
    app.add_option("--subgidname", o.subgid_name, "Whose lines of /etc/subgid to use")
        ->type_name("NAME")
        ->group(kNamespaces);
}

container::UsernsConfig parse_users(const UsernsOptions& o, const Surroundings& around) {
    const bool maps = !o.uid_maps.empty() || !o.gid_maps.empty();
    const bool names = !o.subuid_name.empty() || !o.subgid_name.empty();
    if (o.userns && (maps || names)) {
        throw Error("--userns cannot be combined with --uidmap, --gidmap, --subuidname and --subgidname");
    }
    if (!maps && !names) {
        std::string text = o.userns.value_or("");
        for (const auto& e : around.env) {
            if (!o.userns && e.name == "PODMAN_USERNS") text = e.value;
        }
        return container::parse_userns(text);
    }
    container::UsernsConfig out;
    if (maps) out.mode = container::UsernsConfig::Mode::maps;
    for (const auto& text : split_commas(o.uid_maps)) {
        out.uid_maps.push_back(container::parse_id_mapping(text, "uidmap"));
    }
    for (const auto& text : split_commas(o.gid_maps)) {
        out.gid_maps.push_back(container::parse_id_mapping(text, "gidmap"));
    }
    if (out.uid_maps.empty()) out.uid_maps = out.gid_maps;
    if (out.gid_maps.empty()) out.gid_maps = out.uid_maps;
    out.subuid_name = o.subuid_name.empty() ? o.subgid_name : o.subuid_name;
    out.subgid_name = o.subgid_name.empty() ? o.subuid_name : o.subgid_name;
    return out;
}

}  // namespace rpod::cli
