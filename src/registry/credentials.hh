// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rpod::registry {

/// Who somebody is for a registry. Never logged, never part of an error.
struct Credential {
    std::string user;
    std::string password;
    std::string identity_token;  ///< an OAuth2 refresh token instead of a password
    std::string source;  ///< where it comes from, for messages: a path, a helper, "--creds"; may be empty
};

/// Where credentials are looked for.
struct CredentialSources {
    std::string authfile{};             ///< --authfile; empty: REGISTRY_AUTH_FILE, then the usual places
    std::optional<Credential> given{};  ///< --creds: nothing else is looked at; an empty one is nobody
};

/// "USER[:PASSWORD]" of --creds.
Credential parse_creds(const std::string& text);

/// For a repository ("docker.io/library/debian") or a registry ("quay.io"): the first file that has one
/// counts, and in it the longest part of the name. Files, in the format of docker's config.json: the one
/// named, or else $XDG_RUNTIME_DIR/containers/auth.json (/run/containers/UID/auth.json where there is no such
/// directory), $XDG_CONFIG_HOME/containers/auth.json, $DOCKER_CONFIG/config.json (~/.docker/config.json),
/// ~/.dockercfg. Helpers that they name (credHelpers, credsStore) are asked.
/// @throws Error for a file that is malformed, or a helper that fails
std::optional<Credential> find_credential(const std::string& name, const CredentialSources& sources);

/// The file that login writes: the one named, or the first of the places above that can be. @param
/// survives_logout  set to whether that is a directory that stays when the session ends
std::string credential_file(const CredentialSources& sources, bool* survives_logout = nullptr);

/// Writes it (mode 0600, replaced atomically), or hands it to the helper that the file names for `name`.
void store_credential(const std::string& file, const std::string& name, const Credential& credential);
/// false where there was none.
bool remove_credential(const std::string& file, const std::string& name);
/// @return how many there were
size_t remove_all_credentials(const std::string& file);

}  // namespace rpod::registry
