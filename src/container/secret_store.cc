// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/secret_store.hh"

#include <unistd.h>

#include <algorithm>

#include "base/base64.hh"
#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "store/event_log.hh"
#include "store/lock.hh"
#include "store/names.hh"
#include "store/record.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr size_t kMaxBytes = 512'000;
constexpr size_t kMaxName = 64;
constexpr int kVersion = 1;
constexpr std::string_view kSuffix = ".json";

/// Names are file names here: what is not valid never reaches a path.
bool is_secret_name(const std::string& name) {
    if (!store::is_valid_name(name) || name.size() > kMaxName) return false;
    const char last = name.back();
    return last != '-' && last != '_' && last != '.';
}

Error no_such_secret(const std::string& name) {
    return Error("no secret with name or id \"{}\": no such secret", printable(name));
}

std::optional<json::Value> find_record(const store::Paths& paths, const std::string& name) {
    if (!is_secret_name(name)) return std::nullopt;
    const auto dir = sys::find_at(AT_FDCWD, paths.secrets(), O_PATH | O_DIRECTORY);
    if (!dir) return std::nullopt;
    const auto file = name + std::string(kSuffix);
    return store::find_record(dir->get(), {.file = file.c_str(), .version = kVersion}, "secret " + name);
}

Secret parse_secret(const json::Value& record, const std::string& name) {
    return {.name = name,
            .id = record.at("id").as_string(),
            .created = parse_time(record.at("created").as_string()),
            .updated = parse_time(record.at("updated").as_string()),
            .labels = record.string_map_or_empty("labels")};
}

std::optional<Secret> read_secret(const store::Paths& paths, const std::string& name) {
    const auto record = find_record(paths, name);
    if (!record) return std::nullopt;
    return parse_secret(*record, name);
}

void write_secret(const store::Paths& paths, const Secret& secret, const std::string& data) {
    const auto file = secret.name + std::string(kSuffix);
    const store::RecordKind kind{.file = file.c_str(), .version = kVersion};
    auto record = store::make_record(kind);
    record.set("id", secret.id).set("created", format_time(secret.created));
    record.set("updated", format_time(secret.updated));
    if (!secret.labels.empty()) record.set("labels", json::Builder::of(secret.labels));
    record.set("data", base64_encode(data));
    const auto dir = sys::open_file(paths.secrets(), O_PATH | O_DIRECTORY);
    store::replace_record(dir.get(), kind, record, sys::Sync::yes);
}

void note(const store::Paths& paths, const char* status, const Secret& secret) {
    store::note_event(paths, {.type = "secret", .status = status, .id = secret.id, .name = secret.name});
}

}  // namespace

Secret create_secret(const store::Paths& paths, Secret secret, const std::string& data, bool replace) {
    if (!is_secret_name(secret.name)) {
        throw Error(
            "only {} [a-zA-Z0-9-_.] characters allowed, and the start and end character must be "
            "[a-zA-Z0-9]: {}: invalid secret name",
            kMaxName, printable(secret.name));
    }
    if (data.empty() || data.size() >= kMaxBytes)
        throw Error("secret data must be larger than 0 and less than {} bytes", kMaxBytes);
    sys::make_dirs(paths.secrets(), 0700);
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    const auto existing = read_secret(paths, secret.name);
    if (existing && !replace) throw Error("{}: secret name in use", secret.name);
    secret.updated = std::chrono::system_clock::now();
    secret.created = existing ? existing->created : secret.updated;
    // 25 digits, as podman's.
    secret.id = existing ? existing->id : sys::random_hex(13).substr(0, 25);
    write_secret(paths, secret, data);
    note(paths, "create", secret);
    return secret;
}

std::vector<Secret> list_secrets(const store::Paths& paths) {
    std::vector<Secret> secrets;
    const auto dir = sys::find_at(AT_FDCWD, paths.secrets(), O_RDONLY | O_DIRECTORY);
    if (!dir) return secrets;
    auto files = sys::list_dir(dir->get());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        if (!file.ends_with(kSuffix)) continue;
        const auto name = file.substr(0, file.size() - kSuffix.size());
        try {
            if (auto secret = read_secret(paths, name)) secrets.push_back(*std::move(secret));
        } catch (const Error& e) {
            log::warn("secret {}: {}", printable(name), e.what());
        }
    }
    return secrets;
}

std::optional<Secret> find_secret(const store::Paths& paths, const std::string& name_or_id) {
    if (auto secret = read_secret(paths, name_or_id)) return secret;
    const auto all = list_secrets(paths);
    std::vector<std::string> ids;
    for (const auto& secret : all) ids.push_back(secret.id);
    const auto match = store::match_prefix(ids, name_or_id);
    if (match.ambiguous)
        throw Error("more than one secret has an ID that begins with \"{}\"", printable(name_or_id));
    const auto it = std::find_if(all.begin(), all.end(), [&](const Secret& s) { return s.id == match.id; });
    return it == all.end() ? std::nullopt : std::optional(*it);
}

Secret get_secret(const store::Paths& paths, const std::string& name_or_id) {
    auto secret = find_secret(paths, name_or_id);
    if (!secret) throw no_such_secret(name_or_id);
    return *std::move(secret);
}

std::string secret_data(const store::Paths& paths, const std::string& name) {
    const auto record = find_record(paths, name);
    if (!record) throw no_such_secret(name);
    auto data = base64_decode(record->at("data").as_string());
    if (!data) throw Error("secret {}: its record is damaged", printable(name));
    return *std::move(data);
}

void remove_secret(const store::Paths& paths, const Secret& secret) {
    const auto path = paths.secrets() / (secret.name + std::string(kSuffix));
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) throw SysError(errno, "remove '{}'", path.native());
    note(paths, "remove", secret);
}

}  // namespace rpod::container
