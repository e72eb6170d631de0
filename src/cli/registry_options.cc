// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/registry_options.hh"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::cli {
namespace {

void put(CLI::Option* option, const std::string& group) {
    if (!group.empty()) option->group(group);
}

}  // namespace

void define_registry_access(CLI::App& flags, RegistryOptions& o, const std::string& group) {
    put(flags.add_option("--authfile", o.authfile, "File with the credentials for registries")
            ->type_name("FILE"),
        group);
    put(flags.add_option("--cert-dir", o.cert_dir, "Certificates (*.crt, *.cert, *.key) for the registry")
            ->type_name("DIR"),
        group);
    // Given to the optional itself, CLI11 takes it for a counter and sets it to 0: to false.
    const auto set = [&o](int64_t value) { o.tls_verify = value > 0; };
    put(flags.add_flag_function("--tls-verify", set,
                                "Require TLS and check the registry's certificate (default true)"),
        group);
}

void define_transfer(CLI::App& flags, RegistryOptions& o, const std::string& group) {
    put(flags.add_option("--creds", o.creds, "Credentials for the registry")->type_name("USER[:PASSWORD]"),
        group);
    define_retries(flags, o, group);
}

void define_policy(CLI::App& flags, std::string& file) {
    flags
        .add_option("--signature-policy", file,
                    "Ask this policy.json, and no other, which images may be taken")
        ->type_name("FILE");
}

void define_retries(CLI::App& flags, RegistryOptions& o, const std::string& group) {
    put(flags.add_option("--retry", o.retry, "How often to try again what failed (default 3)")
            ->type_name("N"),
        group);
    put(flags
            .add_option("--retry-delay", o.retry_delay, "Time between tries (default 1s, doubled each time)")
            ->type_name("DURATION"),
        group);
}

registry::ClientOptions client_options(const RegistryOptions& o) {
    registry::ClientOptions out;
    out.tls_verify = o.tls_verify;
    out.cert_dir = o.cert_dir;
    out.credentials.authfile = o.authfile;
    if (!o.authfile.empty() && ::access(o.authfile.c_str(), F_OK) < 0) {
        throw SysError(errno, "checking authfile '{}'", o.authfile);
    }
    if (!o.cert_dir.empty() && ::access(o.cert_dir.c_str(), F_OK) < 0) {
        throw SysError(errno, "cert-dir '{}'", o.cert_dir);
    }
    if (!o.creds.empty()) out.credentials.given = registry::parse_creds(o.creds);
    if (o.retry) out.retry.attempts = *o.retry;
    if (o.retry_delay.empty()) return out;
    const auto delay = parse_duration_ns(o.retry_delay);
    if (!delay || *delay < 0)
        throw Error("retry-delay '{}' is not a duration such as 500ms or 5s", o.retry_delay);
    out.retry.delay = std::chrono::nanoseconds(*delay);
    return out;
}

}  // namespace rpod::cli
