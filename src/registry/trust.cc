// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/trust.hh"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/error.hh"
#include "registry/config_files.hh"
#include "registry/http.hh"
#include "sys/file.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxBundle = 8 << 20;

/// Where the distributions keep the roots that they trust, as one file.
constexpr std::array kSystemBundles{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                    "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};

std::string system_bundle() {
    if (const char* named = std::getenv("SSL_CERT_FILE")) return sys::read_file(named, kMaxBundle);
    for (const char* path : kSystemBundles) {
        if (auto text = sys::find_file(path, kMaxBundle)) return *std::move(text);
    }
    return {};
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

Trust Trust::of(const HttpOptions& options) {
    Trust trust{.verify = options.verify_tls,
                .ca_bundle = {},
                .ca_dir = {},
                .client_cert = options.client_cert,
                .client_key = options.client_key};
    if (const char* dir = std::getenv("SSL_CERT_DIR")) trust.ca_dir = dir;
    if (options.ca_files.empty() && !std::getenv("SSL_CERT_FILE")) return trust;
    // libcurl takes one bundle, in place of its own.
    trust.ca_bundle = system_bundle();
    for (const auto& path : options.ca_files) trust.ca_bundle += "\n" + sys::read_file(path, kMaxBundle);
    return trust;
}

void add_certificates(const std::string& dir, HttpOptions& options) {
    const auto fd = sys::find_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
    if (!fd) return;
    auto names = sys::list_dir(fd->get());
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
        const std::string path = dir + "/" + name;
        const std::string stem = path.substr(0, path.rfind('.'));
        if (name.ends_with(".crt")) options.ca_files.push_back(path);
        if (name.ends_with(".key") && !exists(stem + ".cert")) {
            throw Error("'{}' lacks its certificate '{}.cert'", path, stem);
        }
        if (!name.ends_with(".cert")) continue;
        if (!exists(stem + ".key")) {
            throw Error("'{}' lacks its key '{}.key'", path, stem)
                .with_hint("certificates of authorities end in .crt, those of clients in .cert");
        }
        options.client_cert = path;
        options.client_key = stem + ".key";
    }
}

std::string find_certificates(const std::string& registry) {
    for (const auto& base :
         {user_config_dir() + "/containers", std::string("/etc/containers"), std::string("/etc/docker")}) {
        std::string dir = base + "/certs.d/" + registry;
        if (exists(dir)) return dir;
    }
    return {};
}

}  // namespace rpod::registry
