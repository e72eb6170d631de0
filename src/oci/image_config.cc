// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/image_config.hh"

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::oci {
namespace {

constexpr size_t kMaxHistory = 16384;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

/// A string that becomes an argument or a path: JSON can carry a NUL, the kernel's strings cannot.
std::string text_of(const json::Value& value) {
    std::string text = value.as_string();
    if (has_nul(text)) throw Error("{}: contains a NUL", value.path());
    return text;
}

std::string text_at(const json::Value& object, std::string_view key) {
    const auto value = object.find(key);
    return value ? text_of(*value) : std::string();
}

std::vector<std::string> texts_at(const json::Value& object, std::string_view key) {
    std::vector<std::string> out;
    const auto list = object.find(key);
    if (!list) return out;
    // Dockerfiles of old left a bare string where a list belongs.
    if (list->is_string()) return {text_of(*list)};
    for (const auto& element : list->elements()) {
        if (!element.is_null()) out.push_back(text_of(element));
    }
    return out;
}

/// A set, which Go writes as an object with empty members.
std::set<std::string> set_at(const json::Value& object, std::string_view key) {
    std::set<std::string> out;
    const auto members = object.find(key);
    if (!members) return out;
    for (const auto& [name, ignored] : members->members()) {
        if (has_nul(name)) throw Error("{}: contains a NUL", members->path());
        out.insert(name);
    }
    return out;
}

std::map<std::string, std::string> labels_at(const json::Value& object) {
    std::map<std::string, std::string> out;
    const auto labels = object.find("Labels");
    if (!labels) return out;
    for (const auto& [name, value] : labels->members()) {
        out.emplace(name, value.is_null() ? std::string() : text_of(value));
    }
    return out;
}

std::vector<std::string> env_at(const json::Value& object) {
    auto env = texts_at(object, "Env");
    std::erase_if(env, [](const std::string& entry) {
        const size_t equals = entry.find('=');
        return equals == std::string::npos || equals == 0;
    });
    return env;
}

std::optional<Healthcheck> read_healthcheck(const json::Value& config) {
    const auto value = config.find("Healthcheck");
    if (!value) return std::nullopt;
    Healthcheck h;
    h.test = texts_at(*value, "Test");
    h.interval_ns = value->int_or("Interval", 0);
    h.timeout_ns = value->int_or("Timeout", 0);
    h.start_period_ns = value->int_or("StartPeriod", 0);
    h.retries = value->int_or("Retries", 0);
    if (h.interval_ns < 0 || h.timeout_ns < 0 || h.start_period_ns < 0 || h.retries < 0) {
        throw Error("{}: a negative time or count", value->path());
    }
    return h;
}

RunConfig read_run_config(const json::Value& value) {
    RunConfig c;
    c.user = text_at(value, "User");
    c.exposed_ports = set_at(value, "ExposedPorts");
    c.env = env_at(value);
    c.entrypoint = texts_at(value, "Entrypoint");
    c.cmd = texts_at(value, "Cmd");
    c.volumes = set_at(value, "Volumes");
    c.working_dir = text_at(value, "WorkingDir");
    c.labels = labels_at(value);
    c.stop_signal = text_at(value, "StopSignal");
    c.on_build = texts_at(value, "OnBuild");
    c.shell = texts_at(value, "Shell");
    c.healthcheck = read_healthcheck(value);
    return c;
}

std::vector<Digest> read_diff_ids(const json::Value& root) {
    std::vector<Digest> out;
    const auto rootfs = root.find("rootfs");
    if (!rootfs) return out;
    if (const std::string type = rootfs->string_or("type", "layers"); type != "layers") {
        throw Error("{}: type '{}' is not 'layers'", rootfs->path(), printable(type.substr(0, 100)));
    }
    const auto ids = rootfs->find("diff_ids");
    if (!ids) return out;
    if (const size_t n = ids->count(); n > kMaxLayers) {
        throw Error("{}: {} entries are more than the {} allowed", ids->path(), n, kMaxLayers);
    }
    for (const auto& element : ids->elements()) {
        const auto digest = Digest::try_parse(element.as_string());
        if (!digest) throw Error("{}: not a sha256 digest", element.path());
        out.push_back(*digest);
    }
    return out;
}

std::vector<History> read_history(const json::Value& root) {
    std::vector<History> out;
    const auto list = root.find("history");
    if (!list) return out;
    if (list->count() > kMaxHistory) throw Error("{}: more than {} entries", list->path(), kMaxHistory);
    for (const auto& element : list->elements()) {
        if (element.is_null()) continue;
        out.push_back(History{.created = element.string_or("created"),
                              .created_by = element.string_or("created_by"),
                              .author = element.string_or("author"),
                              .comment = element.string_or("comment"),
                              .empty_layer = element.bool_or("empty_layer", false)});
    }
    return out;
}

json::Builder build_set(const std::set<std::string>& names) {
    auto b = json::Builder::object();
    for (const auto& name : names) b.set(name, json::Builder::object());
    return b;
}

void set_text(json::Builder& b, std::string_view key, const std::string& text) {
    if (!text.empty()) b.set(key, text);
}
void set_list(json::Builder& b, std::string_view key, const std::vector<std::string>& list) {
    if (!list.empty()) b.set(key, json::Builder::of(list));
}
void set_number(json::Builder& b, std::string_view key, int64_t number) {
    if (number != 0) b.set(key, number);
}

json::Builder build_healthcheck(const Healthcheck& h) {
    auto b = json::Builder::object();
    set_list(b, "Test", h.test);
    set_number(b, "Interval", h.interval_ns);
    set_number(b, "Timeout", h.timeout_ns);
    set_number(b, "StartPeriod", h.start_period_ns);
    set_number(b, "Retries", h.retries);
    return b;
}

json::Builder build_run_config(const RunConfig& c) {
    auto b = json::Builder::object();
    set_text(b, "User", c.user);
    if (!c.exposed_ports.empty()) b.set("ExposedPorts", build_set(c.exposed_ports));
    set_list(b, "Env", c.env);
    set_list(b, "Entrypoint", c.entrypoint);
    set_list(b, "Cmd", c.cmd);
    if (!c.volumes.empty()) b.set("Volumes", build_set(c.volumes));
    set_text(b, "WorkingDir", c.working_dir);
    if (!c.labels.empty()) b.set("Labels", json::Builder::of(c.labels));
    set_text(b, "StopSignal", c.stop_signal);
    set_list(b, "OnBuild", c.on_build);
    set_list(b, "Shell", c.shell);
    if (c.healthcheck) b.set("Healthcheck", build_healthcheck(*c.healthcheck));
    return b;
}

json::Builder build_history(const std::vector<History>& history) {
    auto list = json::Builder::array();
    for (const auto& h : history) {
        auto b = json::Builder::object();
        set_text(b, "created", h.created);
        set_text(b, "created_by", h.created_by);
        set_text(b, "author", h.author);
        set_text(b, "comment", h.comment);
        if (h.empty_layer) b.set("empty_layer", true);
        list.push(std::move(b));
    }
    return list;
}

}  // namespace

ImageConfig ImageConfig::parse(std::string_view text, std::string what) {
    const auto root =
        json::Value::parse(text, what, json::Limits{.max_bytes = kMaxConfigBytes, .max_depth = 32});
    if (!root.is_object()) throw Error("{}: not a JSON object", what);
    ImageConfig c;
    c.created = root.string_or("created");
    c.author = root.string_or("author");
    c.platform = Platform{.os = root.string_or("os", "linux"),
                          .architecture = root.string_or("architecture"),
                          .variant = root.string_or("variant")};
    if (const auto config = root.find("config")) c.config = read_run_config(*config);
    c.diff_ids = read_diff_ids(root);
    c.history = read_history(root);
    return c;
}

std::string to_json(const ImageConfig& c) {
    auto b = json::Builder::object();
    set_text(b, "created", c.created);
    set_text(b, "author", c.author);
    b.set("architecture", c.platform.architecture).set("os", c.platform.os);
    set_text(b, "variant", c.platform.variant);
    b.set("config", build_run_config(c.config));
    std::vector<std::string> diff_ids;
    diff_ids.reserve(c.diff_ids.size());
    for (const auto& id : c.diff_ids) diff_ids.push_back(id.str());
    auto rootfs = json::Builder::object();
    rootfs.set("type", "layers").set("diff_ids", json::Builder::of(diff_ids));
    b.set("rootfs", std::move(rootfs));
    if (!c.history.empty()) b.set("history", build_history(c.history));
    return b.dump();
}

}  // namespace rpod::oci
