// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/reference.hh"

namespace rpod::registry {

/// containers-policy.json(5): which images may come in.
///
///     {"default": [{"type": "reject"}],
///      "transports": {"docker": {"quay.io/team": [{"type": "insecureAcceptAnything"}]},
///                     "docker-archive": {"": [{"type": "insecureAcceptAnything"}]}}}
///
/// Signatures are not checked: what a policy accepts only with one (signedBy, sigstoreSigned,
/// signedBaseLayer) is refused, by the name of that requirement.
class Policy {
  public:
    /// Accepts everything: what holds where there is no file.
    Policy() = default;
    /// `file`, or else ~/.config/containers/policy.json, or else /etc/containers/policy.json.
    /// @throws Error where `file` is missing, and for a file that is malformed
    static Policy load(const std::string& file = {});
    /// Strict as the other readers of such files are: a member that is not known could be one that was meant
    /// to forbid. @param what  names it in errors
    static Policy parse(std::string_view text, const std::string& what);

    /// @param transport  "docker", "oci", …
    /// @param scopes     what the image is called there, the narrowest first: docker_scopes, path_scopes
    /// @param image      names it in errors
    /// @throws Error where it is not accepted
    void check(const std::string& transport, const std::vector<std::string>& scopes,
               const std::string& image) const;

  private:
    using Requirements = std::vector<std::string>;  ///< their types; all must be met

    const Requirements* find(const std::string& transport, const std::vector<std::string>& scopes) const;

    std::string what_;  ///< the file; empty: none
    Requirements default_{"insecureAcceptAnything"};
    std::map<std::string, std::map<std::string, Requirements>> transports_;
};

/// "quay.io/team/app:1", "quay.io/team/app", "quay.io/team", "quay.io", "*.io".
std::vector<std::string> docker_scopes(const oci::Reference& name);
/// "/srv/images/app:1", "/srv/images/app", "/srv/images", "/srv". @param path  absolute
std::vector<std::string> path_scopes(const std::string& path, const std::string& name);

}  // namespace rpod::registry
