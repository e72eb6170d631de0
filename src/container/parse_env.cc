// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_env.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {
namespace {

constexpr std::string_view kBlanks = " \t\r\v\f";

/// Calls fn(line) for each line that says something.
template <class Fn>
void for_each_line(std::string_view content, std::string_view what, Fn fn) {
    size_t number = 0;
    for (auto line : split(content, '\n')) {
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        const size_t first = line.find_first_not_of(kBlanks);
        if (first == std::string_view::npos || line[first] == '#') continue;
        in_context([&] { fn(line.substr(first)); }, "{}:{}", what, number);
    }
}

}  // namespace

void set_env(std::vector<EnvVar>& env, EnvVar variable) {
    const auto it =
        std::find_if(env.begin(), env.end(), [&](const EnvVar& e) { return e.name == variable.name; });
    if (it == env.end()) {
        env.push_back(std::move(variable));
    } else {
        it->value = std::move(variable.value);
    }
}

void take_env(std::vector<EnvVar>& env, std::string_view text, const HostEnv& host) {
    const size_t at = text.find('=');
    const std::string_view name = text.substr(0, at);
    if (name.empty()) throw Error("env: '{}' has no name", printable(text));
    if (name.find_first_of(" \t\r\n\v\f") != std::string_view::npos) {
        throw Error("env: the name '{}' has blanks", printable(name));
    }
    if (text.find('\0') != std::string_view::npos) throw Error("env: '{}' has a NUL byte", printable(name));
    if (at != std::string_view::npos) {
        set_env(env, EnvVar{std::string(name), std::string(text.substr(at + 1))});
        return;
    }
    const bool prefix = name.ends_with('*');
    const std::string_view wanted = prefix ? name.substr(0, name.size() - 1) : name;
    for (const auto& e : host) {
        if (prefix ? e.name.starts_with(wanted) : e.name == wanted) set_env(env, e);
    }
}

void take_env_file(std::vector<EnvVar>& env, std::string_view content, const HostEnv& host,
                   std::string_view what) {
    for_each_line(content, what, [&](std::string_view line) { take_env(env, line, host); });
}

std::pair<std::string, std::string> parse_label(std::string_view text, std::string_view flag) {
    const auto parts = split(text, '=', 2);
    if (parts[0].empty()) throw Error("{}: '{}' has no name", flag, printable(text));
    return {std::string(parts[0]), parts.size() == 2 ? std::string(parts[1]) : std::string()};
}

void take_label(std::map<std::string, std::string>& labels, std::string_view text, std::string_view flag) {
    auto [key, value] = parse_label(text, flag);
    labels[std::move(key)] = std::move(value);
}

void take_label_file(std::map<std::string, std::string>& labels, std::string_view content,
                     std::string_view what) {
    for_each_line(content, what, [&](std::string_view line) { take_label(labels, line, "label"); });
}

std::vector<EnvVar> proxy_env(const HostEnv& host) {
    static constexpr std::array<std::string_view, 4> names{"http_proxy", "https_proxy", "ftp_proxy",
                                                           "no_proxy"};
    std::vector<EnvVar> out;
    for (const auto& e : host) {
        const std::string lower = to_lower(e.name);
        const bool spelled = e.name == lower || std::none_of(e.name.begin(), e.name.end(),
                                                             [](char c) { return c >= 'a' && c <= 'z'; });
        if (spelled && std::find(names.begin(), names.end(), lower) != names.end()) set_env(out, e);
    }
    return out;
}

}  // namespace rpod::container
