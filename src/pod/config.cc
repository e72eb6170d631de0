// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/config.hh"

#include <array>
#include <optional>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::pod {
namespace {

using oci::NamespaceType;

constexpr int kVersion = 1;

/// The words of --share.
constexpr std::array<std::pair<NamespaceType, std::string_view>, 5> kShared{
    {{NamespaceType::ipc, "ipc"},
     {NamespaceType::network, "net"},
     {NamespaceType::uts, "uts"},
     {NamespaceType::pid, "pid"},
     {NamespaceType::cgroup, "cgroup"}}};
const std::set<NamespaceType> kDefaultShare{NamespaceType::ipc, NamespaceType::network, NamespaceType::uts};

std::optional<NamespaceType> find_share(std::string_view name) {
    for (const auto& [type, word] : kShared) {
        if (word == name) return type;
    }
    return std::nullopt;
}

}  // namespace

const std::vector<net::PortMapping>& ports_of(const container::ContainerConfig& member,
                                              const PodConfig* pod) {
    const bool shared = pod && pod->shared.contains(oci::NamespaceType::network);
    return shared ? pod->base.network.ports : member.network.ports;
}

std::string pod_hostname(const PodConfig& config) {
    return config.base.hostname.empty() ? config.base.name : config.base.hostname;
}

std::string_view share_name(NamespaceType type) {
    for (const auto& [t, word] : kShared) {
        if (t == type) return word;
    }
    return "user";
}

std::set<NamespaceType> parse_share(std::string_view text) {
    if (text.empty()) return kDefaultShare;
    const auto words = split(text, ',');
    const bool changes = words[0].starts_with('+') || words[0].starts_with('-');
    auto out = changes ? kDefaultShare : std::set<NamespaceType>{};
    for (auto word : words) {
        const char sign = word.empty() ? '\0' : word[0];
        if ((sign == '+' || sign == '-') != changes)
            throw Error("share '{}': names with and without + or - cannot be mixed", printable(text));
        if (changes) word.remove_prefix(1);
        // Shared in any case.
        if (word == "user" && sign != '-') continue;
        if (word == "none" && !changes && words.size() == 1) return {};
        const auto type = find_share(word);
        if (!type)
            throw Error("share '{}': net, ipc, uts, pid, cgroup, user and none are known", printable(word));
        if (sign == '-') {
            out.erase(*type);
        } else {
            out.insert(*type);
        }
    }
    return out;
}

ExitPolicy parse_exit_policy(std::string_view text) {
    if (text.empty() || text == "continue") return ExitPolicy::keep;
    if (text == "stop") return ExitPolicy::stop;
    throw Error("exit-policy '{}': continue and stop are known", printable(text));
}

std::string_view exit_policy_name(ExitPolicy policy) {
    return policy == ExitPolicy::stop ? "stop" : "continue";
}

std::string to_json(const PodConfig& config) {
    auto out = json::Builder::object();
    out.set("version", kVersion);
    auto shared = json::Builder::array();
    for (const auto type : config.shared) shared.push(json::Builder::string(share_name(type)));
    out.set("shared", std::move(shared));
    out.set("exit_policy", exit_policy_name(config.exit_policy));
    const auto base = container::to_json(config.base);
    out.set("base", json::Builder::of(json::Value::parse(base, "a pod's record")));
    return out.dump(1) + "\n";
}

PodConfig config_from_json(std::string_view text, const std::string& what) {
    const auto v = json::Value::parse(text, what);
    if (const auto version = v.at("version").as_int(); version != kVersion) {
        throw Error("{}: version {} was written by another rpod; this one reads version {}", what, version,
                    kVersion);
    }
    PodConfig config;
    for (const auto& name : v.strings_or_empty("shared")) {
        const auto type = find_share(name);
        if (!type) throw Error("{}: shared: unknown namespace '{}'", what, printable(name));
        config.shared.insert(*type);
    }
    config.exit_policy = parse_exit_policy(v.string_or("exit_policy"));
    config.base = container::config_from_json(v.at("base").dump(), what + ": base");
    return config;
}

}  // namespace rpod::pod
