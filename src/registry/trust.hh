// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

namespace rpod::registry {

struct HttpOptions;

/// Whom a TLS connection trusts and what it shows, as libcurl takes it.
struct Trust {
    bool verify = true;
    std::string ca_bundle;  ///< PEM text of all roots; empty: libcurl's default
    std::string ca_dir;     ///< SSL_CERT_DIR
    std::string client_cert;
    std::string client_key;
    /// @throws Error where a file cannot be read
    static Trust of(const HttpOptions& options);
};

/// Fills the options' certificate files from `dir`, a directory as certs.d has one for each registry: *.crt
/// are authorities, NAME.cert with NAME.key is the client's certificate. Where it does not exist, nothing.
/// @throws Error where a certificate lacks its key or the other way round
void add_certificates(const std::string& dir, HttpOptions& options);

/// The directories that hold certificates for a registry, the user's first: each is the first of
/// ~/.config/containers, /etc/containers and /etc/docker, with certs.d/HOST[:PORT], that exists.
std::string find_certificates(const std::string& registry);

}  // namespace rpod::registry
