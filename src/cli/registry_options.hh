// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "registry/client.hh"

namespace CLI {
class App;
}

namespace rpod::cli {

/// How a registry is spoken to, as typed: the flags that pull, run, push and login share.
struct RegistryOptions {
    std::string authfile, creds, cert_dir, retry_delay;
    std::optional<bool> tls_verify;
    std::optional<unsigned> retry;
};

/// --authfile, --cert-dir, --tls-verify. `group` is the heading of the help; empty: the usual one.
void define_registry_access(CLI::App& flags, RegistryOptions& options, const std::string& group = {});
/// --creds, --retry, --retry-delay.
void define_transfer(CLI::App& flags, RegistryOptions& options, const std::string& group = {});
/// Just --retry, --retry-delay.
void define_retries(CLI::App& flags, RegistryOptions& options, const std::string& group = {});
/// --signature-policy.
void define_policy(CLI::App& flags, std::string& file);
/// @throws Error for values that make no sense
registry::ClientOptions client_options(const RegistryOptions& options);

}  // namespace rpod::cli
