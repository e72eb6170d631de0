// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/containers_conf.hh"

#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "base/toml.hh"
#include "registry/config_files.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

constexpr size_t kMaxFile = 1 << 20;

void add_file(ContainersConf& conf, const std::string& path) {
    auto text = sys::find_file(path, kMaxFile);
    if (text) conf.add(std::move(*text), path);
}

void add_named_by(ContainersConf& conf, const char* file) { conf.add(sys::read_file(file, kMaxFile), file); }

/// Empty lines for those that hold a comment alone. The file that distributions ship is 25 kB of them, which
/// the parser would take milliseconds for, at every start.
std::string without_comments(std::string text) {
    // Within a string of several lines '#' is no comment.
    if (text.find("\"\"\"") != std::string::npos || text.find("'''") != std::string::npos) return text;
    std::string out;
    for (const auto line : split(text, '\n')) {
        const size_t first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos || line[first] != '#') out += line;
        out += '\n';
    }
    return out;
}

const char* environment(const char* name) {
    const char* value = std::getenv(name);
    return value && *value ? value : nullptr;
}

}  // namespace

ContainersConf ContainersConf::load() {
    ContainersConf conf;
    if (const char* only = environment("CONTAINERS_CONF")) {
        add_named_by(conf, only);
    } else {
        add_file(conf, "/usr/share/containers/containers.conf");
        for (const auto& dir : {std::string("/etc"), registry::user_config_dir()}) {
            const auto path = dir + "/containers/containers.conf";
            add_file(conf, path);
            for (const auto& file : registry::conf_files(path + ".d")) add_file(conf, file);
        }
    }
    if (const char* last = environment("CONTAINERS_CONF_OVERRIDE")) add_named_by(conf, last);
    return conf;
}

void ContainersConf::add(std::string text, const std::string& file) {
    text = without_comments(std::move(text));
    const auto root = parse_toml(text, fmt::format("'{}'", file));
    files_.push_back({file, std::move(text)});
    for (const auto& [table, values] : root.members()) {
        if (!values.is_object()) {
            settings_.insert_or_assign(table, Setting{values, files_.size() - 1});
            continue;
        }
        for (const auto& [key, value] : values.members())
            settings_.insert_or_assign(fmt::format("{}.{}", table, key), Setting{value, files_.size() - 1});
    }
}

const ContainersConf::Setting* ContainersConf::find(std::string_view key) const {
    const auto it = settings_.find(key);
    return it == settings_.end() ? nullptr : &it->second;
}

void ContainersConf::fail(std::string_view key, std::string_view expected) const {
    throw Error("{}: {}: expected {}", origin(key), key, expected);
}

std::optional<std::string> ContainersConf::text(std::string_view key) const {
    const auto* setting = find(key);
    if (!setting) return std::nullopt;
    if (!setting->value.is_string()) fail(key, "a string");
    return setting->value.as_string();
}

std::optional<bool> ContainersConf::flag(std::string_view key) const {
    const auto* setting = find(key);
    if (!setting) return std::nullopt;
    if (!setting->value.is_bool()) fail(key, "true or false");
    return setting->value.as_bool();
}

std::optional<uint32_t> ContainersConf::number(std::string_view key) const {
    const auto* setting = find(key);
    if (!setting) return std::nullopt;
    if (!setting->value.is_number()) fail(key, "a number");
    const auto number = setting->value.as_int();
    if (number > UINT32_MAX) fail(key, "a smaller number");
    if (number < 0) return std::nullopt;
    return static_cast<uint32_t>(number);
}

std::vector<std::string> ContainersConf::list(std::string_view key) const {
    const auto* setting = find(key);
    if (!setting) return {};
    if (!setting->value.is_array()) fail(key, "a list of strings");
    std::vector<std::string> out;
    for (const auto& element : setting->value.elements()) {
        if (!element.is_string()) fail(key, "a list of strings");
        out.push_back(element.as_string());
    }
    return out;
}

std::vector<std::string> ContainersConf::keys() const {
    std::vector<std::string> out;
    for (const auto& [key, setting] : settings_) out.push_back(key);
    return out;
}

std::string ContainersConf::shown(std::string_view key) const {
    const auto& value = find(key)->value;
    return value.is_string() ? value.as_string() : value.dump();
}

std::string ContainersConf::origin(std::string_view key) const {
    const auto& file = files_[find(key)->file];
    return fmt::format("{}:{}", file.name, toml_line(file.text, key));
}

}  // namespace rpod::cli
