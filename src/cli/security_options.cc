// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/capabilities.hh"
#include "container/parse_limits.hh"
#include "container/parse_security.hh"

namespace rpod::cli {
namespace {

constexpr const char* kSecurity = "Rights and limits";

/// As pflag splits "--sysctl a=1,b=2", but a value may hold commas: "net.x=1,2" is one.
Strings split_settings(const Strings& values) {
    Strings out;
    for (const auto& value : values) {
        const size_t begin = out.size();
        for (const auto part : split(value, ',')) {
            if (out.size() > begin && part.find('=') == std::string_view::npos) {
                out.back() += fmt::format(",{}", part);
            } else {
                out.emplace_back(part);
            }
        }
    }
    return out;
}

void apply_ulimits(const Strings& texts, container::ContainerConfig& config) {
    for (const auto& text : split_commas(texts)) {
        if (text == "host") {
            config.ulimits_host = true;
            continue;
        }
        auto limit = container::parse_ulimit(text);
        const auto same = [&](const container::Ulimit& u) { return u.name == limit.name; };
        config.ulimits.erase(std::remove_if(config.ulimits.begin(), config.ulimits.end(), same),
                             config.ulimits.end());
        config.ulimits.push_back(std::move(limit));
    }
}

}  // namespace

void add_security_flags(CLI::App& app, SecurityOptions& o) {
    app.add_flag("--privileged", o.privileged,
                 "All the rights that the user namespace can give: nothing masked, no filter")
        ->group(kSecurity);
    app.add_option("--cap-add", o.cap_add, "Add a capability, or all")->type_name("CAP")->group(kSecurity);
    app.add_option("--cap-drop", o.cap_drop, "Drop a capability, or all")->type_name("CAP")->group(kSecurity);
    app.add_option("--security-opt", o.options,
                   "seccomp=FILE|unconfined, no-new-privileges, mask=PATHS, unmask=PATHS|ALL, label=..., "
                   "proc-opts=...")
        ->type_name("OPTION")
        ->group(kSecurity);
    app.add_option("--ulimit", o.ulimits, "Set a resource limit; host keeps the caller's")
        ->type_name("NAME=SOFT[:HARD]")
        ->group(kSecurity);
    app.add_option("--sysctl", o.sysctls, "Set a sysctl of the container's own namespaces")
        ->type_name("NAME=VALUE")
        ->group(kSecurity);
}

void apply(const SecurityOptions& o, const Surroundings& around, container::ContainerConfig& config) {
    auto& security = config.security;
    security.privileged = o.privileged;
    for (const auto& text : split_commas(o.cap_add))
        security.cap_add.push_back(container::parse_capability(text));
    for (const auto& text : split_commas(o.cap_drop))
        security.cap_drop.push_back(container::parse_capability(text));
    container::check_capability_changes(security.cap_add, security.cap_drop);
    for (const auto& text : o.options) container::take_security_option(security, text, around.cwd);
    apply_ulimits(o.ulimits, config);
    for (const auto& text : split_settings(o.sysctls)) {
        auto [name, value] = container::parse_sysctl(text);
        config.sysctls[std::move(name)] = std::move(value);
    }
    container::check_sysctls(config);
}

}  // namespace rpod::cli
