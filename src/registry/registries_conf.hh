// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/reference.hh"

namespace rpod::registry {

/// A place that has an image, or may have it.
struct Place {
    oci::Reference name;  ///< as the registry there calls it
    bool insecure = false;
};

/// containers-registries.conf(5), version 2. Which of its members are read:
///
///     unqualified-search-registries = ["docker.io"]
///     short-name-mode = "enforcing"            # or permissive, disabled
///     [[registry]]
///     prefix = "example.com/foo"               # or "*.example.com"; absent: location
///     location = "mirror.internal/bar"         # replaces the prefix
///     insecure = false
///     blocked = false
///     mirror-by-digest-only = false
///     [[registry.mirror]]                      # tried before the location
///     location = "cache.internal/foo"
///     insecure = true
///     pull-from-mirror = "all"                 # or digest-only, tag-only
///     [aliases]
///     "fedora" = "registry.fedoraproject.org/fedora"
class RegistriesConf {
  public:
    /// No file at all: short names are docker.io's.
    RegistriesConf() = default;
    /// $CONTAINERS_REGISTRIES_CONF alone, or else the first of ~/.config/containers/registries.conf,
    /// /etc/containers/registries.conf, /usr/share/containers/registries.conf, and then *.conf in the
    /// registries.conf.d of /etc/containers and ~/.config/containers. @throws Error for a malformed file
    static RegistriesConf load();
    /// Lays another file above what is there. @param what  names it in errors
    void add(std::string_view text, const std::string& what);

    /// The full names that a name may mean, to be tried in this order; a name with a registry means itself.
    /// @throws Error where it can mean nothing, or several things between which the user must choose
    std::vector<oci::Reference> resolve(std::string_view name) const;
    /// Mirrors, then the registry itself, where the prefix's rules send it. @throws Error where it is blocked
    std::vector<Place> places(const oci::Reference& name) const;

    /// Where names without a registry are looked for.
    std::vector<std::string> search_registries() const;
    /// Whether a registry, as a whole, is said to be insecure.
    bool is_insecure(const std::string& registry) const;

  private:
    enum class Mode { enforcing, permissive, disabled };
    enum class MirrorUse { all, digest_only, tag_only };
    struct Mirror {
        std::string location;
        bool insecure = false;
        MirrorUse use = MirrorUse::all;
    };
    struct Registry {
        std::string prefix;
        std::string location;
        bool insecure = false;
        bool blocked = false;
        bool digest_only = false;
        std::vector<Mirror> mirrors;
    };
    static MirrorUse parse_use(const std::string& text, const std::string& what);
    static bool matches(const std::string& prefix, const std::string& name);
    static oci::Reference rewrite(const Registry& registry, const std::string& location,
                                  const oci::Reference& name);
    const Registry* find(const oci::Reference& name) const;

    bool configured_ = false;
    std::vector<std::string> search_;
    Mode mode_ = Mode::enforcing;
    std::map<std::string, Registry> registries_;  ///< by prefix
    std::map<std::string, std::string> aliases_;
};

}  // namespace rpod::registry
