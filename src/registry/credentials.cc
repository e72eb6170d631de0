// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
//     {"auths": {"quay.io": {"auth": "base64 of USER:PASSWORD"},
//                "ghcr.io/team": {"auth": "…"},
//                "https://index.docker.io/v1/": {"auth": "…", "identitytoken": "…"}},
//      "credHelpers": {"gcr.io": "gcloud"}, "credsStore": "secretservice"}
#include "registry/credentials.hh"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "base/base64.hh"
#include "base/error.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "registry/config_files.hh"
#include "registry/credential_helper.hh"
#include "sys/file.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxFile = 4 << 20;
constexpr const char* kDockerHubKey = "https://index.docker.io/v1/";

struct AuthFile {
    std::string path;
    bool auths_only = false;  ///< ~/.dockercfg: the member "auths" alone
};

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

std::string runtime_auth_file() {
    const std::string dir = variable("XDG_RUNTIME_DIR");
    if (!dir.empty()) return dir + "/containers/auth.json";
    return fmt::format("/run/containers/{}/auth.json", ::getuid());
}

std::string named_file(const CredentialSources& sources) {
    return sources.authfile.empty() ? variable("REGISTRY_AUTH_FILE") : sources.authfile;
}

std::vector<AuthFile> auth_files(const CredentialSources& sources) {
    if (const std::string named = named_file(sources); !named.empty()) return {AuthFile{.path = named}};
    const std::string docker = variable("DOCKER_CONFIG");
    return {AuthFile{.path = runtime_auth_file()},
            AuthFile{.path = user_config_dir() + "/containers/auth.json"},
            AuthFile{.path = (docker.empty() ? home_dir() + "/.docker" : docker) + "/config.json"},
            AuthFile{.path = home_dir() + "/.dockercfg", .auths_only = true}};
}

/// "a/b/c", "a/b", "a".
std::vector<std::string> keys_for(const std::string& name) {
    std::vector<std::string> keys;
    for (std::string key = name;; key.resize(key.rfind('/'))) {
        keys.push_back(key);
        if (key.find('/') == std::string::npos) return keys;
    }
}

std::string registry_of(const std::string& name) { return name.substr(0, name.find('/')); }

/// docker's keys are URLs.
std::string host_of_key(std::string_view key) {
    for (const std::string_view scheme : {"https://", "http://"}) {
        if (key.starts_with(scheme)) key.remove_prefix(scheme.size());
    }
    const std::string host(key.substr(0, key.find('/')));
    return host == "index.docker.io" || host == "registry-1.docker.io" ? "docker.io" : host;
}

std::optional<json::Value> find_entry(const json::Value& auths, const std::string& name) {
    for (const auto& key : keys_for(name)) {
        if (auto entry = auths.find(key)) return entry;
    }
    for (const auto& [key, entry] : auths.members()) {
        const bool is_url = key.find("://") != std::string::npos || key == "index.docker.io";
        if (is_url && host_of_key(key) == registry_of(name)) return entry;
    }
    return std::nullopt;
}

std::optional<Credential> read_entry(const json::Value& entry, const std::string& path) {
    Credential credential;
    credential.source = path;
    credential.identity_token = entry.string_or("identitytoken");
    const std::string auth = entry.string_or("auth");
    if (!auth.empty()) {
        const auto text = base64_decode(auth);
        const size_t colon = text ? text->find(':') : std::string::npos;
        if (colon == std::string::npos)
            throw Error("{}: not base64 of USER:PASSWORD", entry.at("auth").path());
        credential.user = text->substr(0, colon);
        credential.password = text->substr(colon + 1);
        // Old versions of docker padded with NULs.
        while (credential.password.ends_with('\0')) credential.password.pop_back();
    } else {
        credential.user = entry.string_or("username");
        credential.password = entry.string_or("password");
    }
    if (credential.user.empty() && credential.identity_token.empty()) return std::nullopt;
    return credential;
}

std::string helper_for(const json::Value& root, const std::string& registry) {
    if (const auto helpers = root.find("credHelpers")) {
        if (const auto name = helpers->find(registry)) return name->as_string();
    }
    return {};
}

/// What a helper knows a registry by.
std::string helper_key(const std::string& registry) {
    return registry == "docker.io" ? kDockerHubKey : registry;
}

json::Value parse_file(const std::string& path, std::string_view text) {
    return json::Value::parse(text, fmt::format("'{}'", path), json::Limits{.max_bytes = kMaxFile});
}

std::optional<Credential> find_in_file(const AuthFile& file, const std::string& name) {
    const auto text = sys::find_file(file.path, kMaxFile);
    if (!text || trim(*text).empty()) return std::nullopt;
    const auto root = parse_file(file.path, *text);
    if (!file.auths_only) {
        if (const auto helper = helper_for(root, registry_of(name)); !helper.empty()) {
            if (auto found = ask_helper(helper, helper_key(registry_of(name)))) return found;
        }
    }
    const auto auths = file.auths_only ? std::optional(root) : root.find("auths");
    if (auths) {
        if (const auto entry = find_entry(*auths, name)) {
            if (auto credential = read_entry(*entry, file.path)) return credential;
        }
    }
    if (file.auths_only) return std::nullopt;
    const std::string store = root.string_or("credsStore");
    return store.empty() ? std::nullopt : ask_helper(store, helper_key(registry_of(name)));
}

/// Replaces the member "auths" of a file by what `change` makes of it.
void change_auths(const std::string& path, const std::function<void(json::Builder& auths)>& add,
                  const std::function<bool(const std::string& key)>& keep) {
    const auto text = sys::find_file(path, kMaxFile);
    json::Builder root = json::Builder::object();
    json::Builder auths = json::Builder::object();
    if (text && !trim(*text).empty()) {
        const auto old = parse_file(path, *text);
        for (const auto& [key, value] : old.members()) {
            if (key != "auths") root.set(key, json::Builder::of(value));
        }
        if (const auto entries = old.find("auths")) {
            for (const auto& [key, value] : entries->members()) {
                if (keep(key)) auths.set(key, json::Builder::of(value));
            }
        }
    }
    add(auths);
    root.set("auths", std::move(auths));
    std::filesystem::path target = path;
    // A link, as dotfile managers make them, stays one.
    std::error_code failed;
    if (const auto real = std::filesystem::canonical(target, failed); !failed) target = real;
    sys::make_dirs(target.parent_path());
    sys::replace_file(target, root.dump(4) + "\n", 0600, sys::Sync::yes);
}

bool is_key_of(const std::string& key, const std::string& name) {
    return key == name || (name == "docker.io" && host_of_key(key) == name);
}

}  // namespace

Credential parse_creds(const std::string& text) {
    const size_t colon = text.find(':');
    if (text.empty() || colon == 0) throw Error("creds: the user name is missing (use USER:PASSWORD)");
    return Credential{.user = text.substr(0, colon),
                      .password = colon == std::string::npos ? std::string() : text.substr(colon + 1),
                      .identity_token = {},
                      .source = "--creds"};
}

std::optional<Credential> find_credential(const std::string& name, const CredentialSources& sources) {
    if (sources.given) {
        const bool nobody = sources.given->user.empty() && sources.given->identity_token.empty();
        return nobody ? std::nullopt : sources.given;
    }
    for (const auto& file : auth_files(sources)) {
        auto found = in_context([&] { return find_in_file(file, name); }, "credentials for '{}'", name);
        if (!found) continue;
        log::debug("credentials for {} are those of {}", name, found->source);
        return found;
    }
    return std::nullopt;
}

std::string credential_file(const CredentialSources& sources, bool* survives_logout) {
    if (survives_logout) *survives_logout = false;
    if (std::string named = named_file(sources); !named.empty()) return named;
    const std::string runtime = runtime_auth_file();
    const std::string base = std::filesystem::path(runtime).parent_path().parent_path();
    if (::access(base.c_str(), W_OK) == 0) return runtime;
    if (survives_logout) *survives_logout = true;
    return user_config_dir() + "/containers/auth.json";
}

void store_credential(const std::string& file, const std::string& name, const Credential& credential) {
    const auto text = sys::find_file(file, kMaxFile);
    if (text && !trim(*text).empty()) {
        const std::string helper = helper_for(parse_file(file, *text), registry_of(name));
        if (!helper.empty()) return tell_helper(helper, helper_key(registry_of(name)), credential);
    }
    change_auths(
        file,
        [&](json::Builder& auths) {
            json::Builder entry = json::Builder::object();
            entry.set("auth", base64_encode(credential.user + ":" + credential.password));
            auths.set(name, std::move(entry));
        },
        [&](const std::string& key) { return !is_key_of(key, name); });
}

bool remove_credential(const std::string& file, const std::string& name) {
    const auto text = sys::find_file(file, kMaxFile);
    if (!text || trim(*text).empty()) return false;
    const std::string helper = helper_for(parse_file(file, *text), registry_of(name));
    if (!helper.empty()) {
        erase_from_helper(helper, helper_key(registry_of(name)));
        return true;
    }
    bool found = false;
    const auto keep = [&](const std::string& key) {
        found = found || is_key_of(key, name);
        return !is_key_of(key, name);
    };
    change_auths(
        file, [](json::Builder&) {}, keep);
    return found;
}

size_t remove_all_credentials(const std::string& file) {
    if (!sys::find_file(file, kMaxFile)) return 0;
    size_t count = 0;
    change_auths(
        file, [](json::Builder&) {}, [&](const std::string&) { return ++count == 0; });
    return count;
}

}  // namespace rpod::registry
