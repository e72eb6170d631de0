// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/credential_helper.hh"

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "sys/filter.hh"
#include "sys/process.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxOutput = 1 << 20;
/// The user name by which a helper says that the secret is an identity token.
constexpr const char* kTokenUser = "<token>";

sys::FilterResult run(const std::string& name, const char* verb, std::string_view input) {
    // It comes from a file that may not be ours alone: a name, not a path.
    if (name.empty() || name.find('/') != std::string::npos) {
        throw Error("'{}' is not the name of a credential helper", printable(name));
    }
    const std::string program = "docker-credential-" + name;
    const std::string path = sys::find_program(program);
    if (path.empty()) {
        throw Error("the credential helper '{}' is not in PATH", printable(program))
            .with_hint("install it, or take its name out of the file's credHelpers and credsStore");
    }
    return sys::run_filter({path, verb}, input, kMaxOutput);
}

[[noreturn]] void fail(const std::string& name, const sys::FilterResult& result) {
    // Its output may hold the secret; what it says in a failure is a message by the protocol.
    throw Error("credential helper 'docker-credential-{}': {}", name,
                printable(trim(result.output).substr(0, 300)));
}

}  // namespace

std::optional<Credential> ask_helper(const std::string& name, const std::string& server) {
    const auto result = run(name, "get", server);
    if (!result.status.ok()) {
        if (result.output.find("credentials not found") != std::string::npos) return std::nullopt;
        fail(name, result);
    }
    const auto answer = json::Value::parse(result.output, "answer of docker-credential-" + name);
    Credential credential{.user = answer.string_or("Username"),
                          .password = answer.string_or("Secret"),
                          .identity_token = {},
                          .source = "docker-credential-" + name};
    if (credential.user == kTokenUser) {
        credential.identity_token = std::exchange(credential.password, {});
        credential.user.clear();
    }
    return credential;
}

void tell_helper(const std::string& name, const std::string& server, const Credential& credential) {
    json::Builder request = json::Builder::object();
    request.set("ServerURL", server).set("Username", credential.user).set("Secret", credential.password);
    const auto result = run(name, "store", request.dump());
    if (!result.status.ok()) fail(name, result);
}

void erase_from_helper(const std::string& name, const std::string& server) {
    const auto result = run(name, "erase", server);
    if (!result.status.ok()) fail(name, result);
}

}  // namespace rpod::registry
