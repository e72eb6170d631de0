// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/place.hh"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/error.hh"
#include "base/strings.hh"
#include "registry/policy.hh"

namespace rpod::image {
namespace {

constexpr std::string_view kDocker = "docker://";
/// The second is what podman calls its own store.
constexpr std::array<std::string_view, 2> kStore{"rpod:", "containers-storage:"};
constexpr std::array<std::string_view, 4> kUnknown{"docker-daemon:", "ostree:", "sif:", "tarball:"};

struct Prefix {
    std::string_view text;
    Transport transport;
};
constexpr std::array<Prefix, 4> kPrefixes{{{"oci:", Transport::oci},
                                           {"oci-archive:", Transport::oci_archive},
                                           {"docker-archive:", Transport::docker_archive},
                                           {"dir:", Transport::dir}}};

/// As the policy's scopes name it: absolute, links followed.
std::string full_path(const std::string& path) {
    std::error_code error;
    const auto full = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
    return error ? path : full.native();
}

}  // namespace

std::string_view to_string(Transport transport) {
    const auto it = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                 [&](const Prefix& prefix) { return prefix.transport == transport; });
    return it->text.substr(0, it->text.size() - 1);
}

std::optional<TransportName> TransportName::parse(std::string_view text) {
    const auto* found = std::find_if(kPrefixes.begin(), kPrefixes.end(),
                                     [&](const Prefix& prefix) { return text.starts_with(prefix.text); });
    if (found == kPrefixes.end()) return std::nullopt;
    const std::string_view rest = text.substr(found->text.size());
    TransportName out{.transport = found->transport, .path = std::string(rest), .name = {}, .position = {}};
    if (found->transport != Transport::dir) {
        const auto parts = split(rest, ':', 2);
        out.path = parts[0];
        if (parts.size() > 1) out.name = parts[1];
    }
    if (found->transport == Transport::docker_archive && out.name.starts_with('@')) {
        out.position = parse_uint(std::string_view(out.name).substr(1), 1 << 20);
        if (!out.position) throw Error("'{}': '{}' is not a position", text, out.name);
        out.name.clear();
    }
    if (out.path.empty()) throw Error("'{}' names no path", text);
    return out;
}

std::string TransportName::str() const {
    std::string out = fmt::format("{}:{}", to_string(transport), path);
    if (!name.empty()) out += ":" + name;
    if (position) out += fmt::format(":@{}", *position);
    return out;
}

std::optional<Place> Place::parse(std::string_view text) {
    if (text.starts_with(kDocker)) {
        const auto name = oci::Reference::parse(text.substr(kDocker.size()));
        return Place{.remote = name.digest() ? name.with_digest(*name.digest()) : name.with_default_tag()};
    }
    for (const auto prefix : kStore) {
        if (!text.starts_with(prefix)) continue;
        if (text.size() == prefix.size()) throw Error("'{}' names no image", text);
        return Place{.stored = std::string(text.substr(prefix.size()))};
    }
    for (const auto prefix : kUnknown) {
        if (text.starts_with(prefix))
            throw Error("'{}': the transport {} is not supported", printable(text), prefix);
    }
    if (auto files = TransportName::parse(text)) return Place{.files = std::move(files)};
    return std::nullopt;
}

Place Place::require(std::string_view text) {
    auto place = parse(text);
    if (!place) {
        throw Error("invalid image name \"{}\", expected colon-separated transport:reference",
                    printable(text))
            .with_hint("transports are docker:// oci: oci-archive: docker-archive: dir: and rpod:");
    }
    return *std::move(place);
}

std::string Place::str() const {
    if (remote) return "docker://" + remote->str();
    return files ? files->str() : "rpod:" + *stored;
}

void require_accepted(const Place& from, const std::string& policy_file) {
    const auto policy = registry::Policy::load(policy_file);
    if (from.remote) return policy.check("docker", registry::docker_scopes(*from.remote), from.str());
    if (from.stored) return policy.check("containers-storage", {}, from.str());
    const auto& files = *from.files;
    // A docker archive has no scope but "".
    std::vector<std::string> scopes;
    if (files.transport != Transport::docker_archive && !files.path.empty())
        scopes = registry::path_scopes(full_path(files.path), files.name);
    policy.check(std::string(to_string(files.transport)), scopes, from.str());
}

}  // namespace rpod::image
