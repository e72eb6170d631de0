// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/policy.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "registry/config_files.hh"
#include "sys/file.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxBytes = 1 << 20;
constexpr std::string_view kAccept = "insecureAcceptAnything";
constexpr std::string_view kReject = "reject";
constexpr std::array<std::string_view, 5> kTypes{kAccept, kReject, "signedBy", "sigstoreSigned",
                                                 "signedBaseLayer"};

std::vector<std::string> read_requirements(const json::Value& list) {
    std::vector<std::string> out;
    for (const auto& item : list.elements()) {
        auto type = item.at("type").as_string();
        if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end())
            throw Error("{}: there is no requirement '{}'", item.path(), printable(type.substr(0, 100)));
        if ((type == kAccept || type == kReject) && item.members().size() != 1)
            throw Error("{}: '{}' has no other members", item.path(), type);
        out.push_back(std::move(type));
    }
    if (out.empty()) throw Error("{}: a list of requirements must not be empty", list.path());
    return out;
}

/// The parents of a name, whose parts '/' separates, and the name itself, first.
std::vector<std::string> with_parents(std::string name) {
    std::vector<std::string> out;
    while (!name.empty()) {
        out.push_back(name);
        const size_t slash = name.rfind('/');
        name.resize(slash == std::string::npos ? 0 : slash);
    }
    return out;
}

}  // namespace

Policy Policy::parse(std::string_view text, const std::string& what) {
    const auto root = json::Value::parse(text, what, json::Limits{.max_bytes = kMaxBytes, .max_depth = 16});
    Policy policy;
    policy.what_ = what;
    for (const auto& [key, value] : root.members()) {
        if (key != "default" && key != "transports")
            throw Error("{}: there is no member '{}'", what, printable(key.substr(0, 100)));
    }
    policy.default_ = read_requirements(root.at("default"));
    const auto transports = root.find("transports");
    if (!transports) return policy;
    for (const auto& [transport, scopes] : transports->members()) {
        auto& known = policy.transports_[transport];
        for (const auto& [scope, requirements] : scopes.members())
            known[scope] = read_requirements(requirements);
    }
    return policy;
}

Policy Policy::load(const std::string& file) {
    if (!file.empty()) return parse(sys::read_file(file, kMaxBytes), fmt::format("'{}'", file));
    for (const auto& dir : {user_config_dir(), std::string("/etc")}) {
        const std::string path = dir + "/containers/policy.json";
        if (const auto text = sys::find_file(path, kMaxBytes)) return parse(*text, fmt::format("'{}'", path));
    }
    return {};
}

const Policy::Requirements* Policy::find(const std::string& transport,
                                         const std::vector<std::string>& scopes) const {
    const auto known = transports_.find(transport);
    if (known == transports_.end()) return &default_;
    for (const auto& scope : scopes) {
        const auto it = known->second.find(scope);
        if (it != known->second.end()) return &it->second;
    }
    const auto any = known->second.find("");
    return any == known->second.end() ? &default_ : &any->second;
}

void Policy::check(const std::string& transport, const std::vector<std::string>& scopes,
                   const std::string& image) const {
    for (const auto& type : *find(transport, scopes)) {
        if (type == kAccept) continue;
        if (type == kReject) {
            throw Error("source image rejected: running image {} is rejected by policy", image)
                .with_hint("the policy is " + what_);
        }
        throw Error(
            "source image rejected: the policy accepts {} only with a signature ({}), and signatures are "
            "not checked",
            image, type)
            .with_hint("the policy is " + what_);
    }
}

std::vector<std::string> docker_scopes(const oci::Reference& name) {
    std::vector<std::string> out{name.str()};
    for (auto& scope : with_parents(name.repository())) out.push_back(std::move(scope));
    std::string host = name.domain().substr(0, name.domain().find(':'));
    for (size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.')) {
        host.erase(0, dot + 1);
        out.push_back("*." + host);
    }
    return out;
}

std::vector<std::string> path_scopes(const std::string& path, const std::string& name) {
    std::vector<std::string> out;
    if (!name.empty()) out.push_back(path + ":" + name);
    for (auto& scope : with_parents(path)) out.push_back(std::move(scope));
    return out;
}

}  // namespace rpod::registry
