// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "registry/credentials.hh"

/// Programs that keep credentials, docker-credential-NAME in PATH: one verb as argument, the request on
/// standard input, JSON on standard output (github.com/docker/docker-credential-helpers).
namespace rpod::registry {

/// Nothing where it knows none for this server. @throws Error where it is missing or fails
std::optional<Credential> ask_helper(const std::string& name, const std::string& server);
void tell_helper(const std::string& name, const std::string& server, const Credential& credential);
void erase_from_helper(const std::string& name, const std::string& server);

}  // namespace rpod::registry
