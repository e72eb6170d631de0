// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/registries_conf.hh"

#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "base/toml.hh"
#include "registry/config_files.hh"
#include "sys/file.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxFile = 4 << 20;

bool add_file(RegistriesConf& conf, const std::string& path) {
    const auto text = sys::find_file(path, kMaxFile);
    if (text) conf.add(*text, fmt::format("'{}'", path));
    return text.has_value();
}

std::string without_slash(std::string text) {
    while (text.ends_with('/')) text.pop_back();
    return text;
}

}  // namespace

RegistriesConf RegistriesConf::load() {
    RegistriesConf conf;
    if (const char* named = std::getenv("CONTAINERS_REGISTRIES_CONF"); named && *named) {
        conf.add(sys::read_file(named, kMaxFile), fmt::format("'{}'", named));
        return conf;
    }
    const std::string user = user_config_dir() + "/containers";
    for (const auto& dir : {user, std::string("/etc/containers"), std::string("/usr/share/containers")}) {
        if (add_file(conf, dir + "/registries.conf")) break;
    }
    for (const auto& dir : {std::string("/etc/containers"), user}) {
        for (const auto& file : conf_files(dir + "/registries.conf.d")) add_file(conf, file);
    }
    return conf;
}

RegistriesConf::MirrorUse RegistriesConf::parse_use(const std::string& text, const std::string& what) {
    if (text == "all") return MirrorUse::all;
    if (text == "digest-only") return MirrorUse::digest_only;
    if (text == "tag-only") return MirrorUse::tag_only;
    throw Error("{}: pull-from-mirror = '{}': all, digest-only and tag-only are known", what,
                printable(text));
}

void RegistriesConf::add(std::string_view text, const std::string& what) {
    const auto root = parse_toml(text, what);
    if (root.find("registries")) {
        throw Error("{}: it is in the old format, version 1", what)
            .with_hint("containers-registries.conf(5) describes the current one");
    }
    configured_ = true;
    if (root.find("unqualified-search-registries")) {
        search_ = root.strings_or_empty("unqualified-search-registries");
    }
    if (const std::string mode = root.string_or("short-name-mode"); !mode.empty()) {
        if (mode == "enforcing")
            mode_ = Mode::enforcing;
        else if (mode == "permissive")
            mode_ = Mode::permissive;
        else if (mode == "disabled")
            mode_ = Mode::disabled;
        else
            throw Error("{}: short-name-mode = '{}' is not known", what, printable(mode));
    }
    for (const auto& [name, full] : root.string_map_or_empty("aliases")) {
        if (full.empty())
            aliases_.erase(name);
        else
            aliases_[name] = full;
    }
    const auto list = root.find("registry");
    if (!list) return;
    for (const auto& entry : list->elements()) {
        Registry registry{.prefix = without_slash(entry.string_or("prefix")),
                          .location = without_slash(entry.string_or("location")),
                          .insecure = entry.bool_or("insecure", false),
                          .blocked = entry.bool_or("blocked", false),
                          .digest_only = entry.bool_or("mirror-by-digest-only", false),
                          .mirrors = {}};
        if (registry.prefix.empty()) registry.prefix = registry.location;
        if (registry.prefix.empty()) throw Error("{}: it has neither prefix nor location", entry.path());
        const bool wildcard = registry.prefix.starts_with("*.");
        if (registry.location.empty() && !wildcard) registry.location = registry.prefix;
        if (registry.prefix.find('*', wildcard ? 1 : 0) != std::string::npos) {
            throw Error("{}: prefix '{}': a '*' stands for the front of a host name only", entry.path(),
                        printable(registry.prefix));
        }
        if (const auto mirrors = entry.find("mirror")) {
            for (const auto& mirror : mirrors->elements()) {
                registry.mirrors.push_back(
                    Mirror{.location = without_slash(mirror.at("location").as_string()),
                           .insecure = mirror.bool_or("insecure", false),
                           .use = parse_use(mirror.string_or("pull-from-mirror", "all"), mirror.path())});
            }
        }
        registries_.insert_or_assign(registry.prefix, std::move(registry));
    }
}

std::vector<oci::Reference> RegistriesConf::resolve(std::string_view name) const {
    if (oci::Reference::names_domain(name)) return {oci::Reference::parse(name)};
    // The tag or digest is not part of an alias.
    const auto hub = oci::Reference::parse(name);
    const std::string bare(name.substr(0, name.find_first_of(":@")));
    const std::string suffix(name.substr(bare.size()));
    if (const auto alias = aliases_.find(bare); alias != aliases_.end() && mode_ != Mode::disabled) {
        return {oci::Reference::parse(alias->second + suffix)};
    }
    if (!configured_) return {hub};
    if (search_.empty()) {
        throw Error(
            "short-name \"{}\" did not resolve to an alias and no unqualified-search registries are defined "
            "in "
            "\"/etc/containers/registries.conf\"",
            bare)
            .with_hint(fmt::format("name the registry: {}", hub.str()));
    }
    std::vector<oci::Reference> out;
    for (const auto& registry : search_)
        out.push_back(oci::Reference::parse(fmt::format("{}/{}", registry, name)));
    if (out.size() > 1 && mode_ == Mode::enforcing) {
        std::vector<std::string> names;
        for (const auto& candidate : out) names.push_back(candidate.str());
        throw Error("short-name \"{}\" can mean {}", bare, join(names, " or "))
            .with_hint(
                "name the registry, make an alias in registries.conf, or set short-name-mode = "
                "\"permissive\" "
                "there");
    }
    return out;
}

bool RegistriesConf::matches(const std::string& prefix, const std::string& name) {
    size_t end = prefix.size();
    if (prefix.starts_with("*.")) {
        const std::string_view domain = std::string_view(prefix).substr(1);
        const size_t at = name.find(domain);
        if (at == std::string::npos || at == 0 || name.find('/') < at) return false;
        end = at + domain.size();
    } else if (!name.starts_with(prefix)) {
        return false;
    }
    return end == name.size() || name[end] == '/' || name[end] == ':' || name[end] == '@';
}

const RegistriesConf::Registry* RegistriesConf::find(const oci::Reference& name) const {
    const std::string text = name.str();
    const Registry* best = nullptr;
    for (const auto& [prefix, registry] : registries_) {
        if (matches(prefix, text) && (!best || prefix.size() > best->prefix.size())) best = &registry;
    }
    return best;
}

oci::Reference RegistriesConf::rewrite(const Registry& registry, const std::string& location,
                                       const oci::Reference& name) {
    if (location.empty()) return name;
    const std::string text = name.str();
    // Of a wildcard the whole host is replaced.
    const size_t end = registry.prefix.starts_with("*.") ? text.find('/') : registry.prefix.size();
    return oci::Reference::parse(location + text.substr(end));
}

std::vector<Place> RegistriesConf::places(const oci::Reference& name) const {
    const Registry* registry = find(name);
    if (!registry) return {Place{.name = name}};
    if (registry->blocked) {
        throw Error("registry {} is blocked in registries.conf", registry->prefix);
    }
    std::vector<Place> out;
    for (const auto& mirror : registry->mirrors) {
        const bool by_digest = name.digest().has_value();
        const bool digest_only = registry->digest_only || mirror.use == MirrorUse::digest_only;
        if ((digest_only && !by_digest) || (mirror.use == MirrorUse::tag_only && by_digest)) continue;
        out.push_back(Place{.name = rewrite(*registry, mirror.location, name), .insecure = mirror.insecure});
    }
    out.push_back(
        Place{.name = rewrite(*registry, registry->location, name), .insecure = registry->insecure});
    return out;
}

std::vector<std::string> RegistriesConf::search_registries() const {
    return configured_ ? search_ : std::vector<std::string>{"docker.io"};
}

bool RegistriesConf::is_insecure(const std::string& registry) const {
    const auto it = registries_.find(registry);
    return it != registries_.end() && it->second.insecure;
}

}  // namespace rpod::registry
