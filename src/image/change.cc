// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/change.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::image {
namespace {

using Strings = std::vector<std::string>;

/// Words as a Containerfile has them: separated by blanks, quoted by "" or '', a backslash takes the next one
/// as it is (except within '').
Strings split_words(std::string_view text) {
    Strings words;
    std::string word;
    bool in_word = false;
    char quote = '\0';
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote == '\0' && (c == ' ' || c == '\t')) {
            if (in_word) words.push_back(word);
            word.clear();
            in_word = false;
            continue;
        }
        in_word = true;
        if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
            word += text[++i];
        } else if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (quote != '\0' && c == quote) {
            quote = '\0';
        } else {
            word += c;
        }
    }
    if (quote != '\0') throw Error("a quotation mark is missing");
    if (in_word) words.push_back(word);
    return words;
}

std::optional<Strings> json_strings(std::string_view text) {
    if (!text.starts_with('[')) return std::nullopt;
    try {
        return json::Value::parse(text, "a list").as_strings();
    } catch (const Error&) {
        return std::nullopt;  // a shell command may begin with '['
    }
}

/// The exec form, or the shell form run by a shell.
Strings command_of(std::string_view text) {
    if (auto list = json_strings(text)) return *std::move(list);
    if (text.empty()) return {};
    return {"/bin/sh", "-c", std::string(text)};
}

/// "K=V K2=V2", or the old form "K the rest".
std::vector<std::pair<std::string, std::string>> pairs_of(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> out;
    const size_t blank = text.find_first_of(" \t");
    if (text.substr(0, blank).find('=') == std::string_view::npos) {
        if (blank == std::string_view::npos) throw Error("it must have the form NAME=VALUE");
        out.emplace_back(text.substr(0, blank), trim(text.substr(blank)));
        return out;
    }
    for (const auto& word : split_words(text)) {
        const size_t equals = word.find('=');
        if (equals == std::string::npos || equals == 0)
            throw Error("'{}' must have the form NAME=VALUE", word);
        out.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    return out;
}

void set_env(Strings& env, const std::string& name, const std::string& value) {
    const std::string prefix = name + "=";
    const auto it =
        std::find_if(env.begin(), env.end(), [&](const auto& e) { return e.starts_with(prefix); });
    if (it == env.end()) {
        env.push_back(prefix + value);
    } else {
        *it = prefix + value;
    }
}

std::string port_of(const std::string& word) {
    const auto parts = split(word, '/', 2);
    const std::string protocol = parts.size() > 1 ? to_lower(parts[1]) : "tcp";
    const auto range = split(parts[0], '-', 2);
    const bool numbers = std::all_of(range.begin(), range.end(), [](auto n) {
        const auto port = parse_uint(n, 65535);
        return port && *port > 0;
    });
    if (!numbers || (protocol != "tcp" && protocol != "udp" && protocol != "sctp")) {
        throw Error("'{}' is not a port (PORT[-PORT][/tcp|udp|sctp])", word);
    }
    return fmt::format("{}/{}", parts[0], protocol);
}

/// "--retries=3", "--interval=1m30s". @throws Error for anything else
void set_healthcheck_option(oci::Healthcheck& check, std::string_view word) {
    const auto parts = split(word, '=', 2);
    const auto value = parts.size() > 1 ? parts[1] : std::string_view();
    if (parts[0] == "--retries") {
        const auto number = parse_uint(value, INT32_MAX);
        if (!number) throw Error("'{}' must be --retries=NUMBER", word);
        check.retries = static_cast<int64_t>(*number);
        return;
    }
    static constexpr std::array<std::pair<std::string_view, int64_t oci::Healthcheck::*>, 3> durations{
        {{"--interval", &oci::Healthcheck::interval_ns},
         {"--timeout", &oci::Healthcheck::timeout_ns},
         {"--start-period", &oci::Healthcheck::start_period_ns}}};
    for (const auto& [name, member] : durations) {
        if (parts[0] != name) continue;
        const auto duration = parse_duration_ns(value);
        if (!duration || *duration < 0) throw Error("'{}' must be {}=DURATION (30s, 1m30s)", word, name);
        check.*member = *duration;
        return;
    }
    throw Error("'{}' is none of NONE, CMD COMMAND, --interval, --timeout, --start-period, --retries", word);
}

/// "NONE", or "[--interval=DURATION …] CMD COMMAND".
oci::Healthcheck healthcheck_of(std::string_view text) {
    oci::Healthcheck check;
    for (;;) {
        const size_t end = std::min(text.find_first_of(" \t"), text.size());
        const auto word = text.substr(0, end);
        text = trim(text.substr(end));
        if (word == "NONE" && text.empty()) {
            check.test = {"NONE"};
            return check;
        }
        if (word == "CMD" && !text.empty()) {
            check.test = {"CMD"};
            const auto list = json_strings(text);
            if (list) check.test.insert(check.test.end(), list->begin(), list->end());
            if (!list) check.test = {"CMD-SHELL", std::string(text)};
            return check;
        }
        set_healthcheck_option(check, word);
    }
}

void apply(oci::RunConfig& config, const std::string& instruction, std::string_view rest) {
    const std::string text(rest);
    if (instruction == "CMD") {
        config.cmd = command_of(rest);
    } else if (instruction == "ENTRYPOINT") {
        config.entrypoint = command_of(rest);
    } else if (instruction == "ENV") {
        for (const auto& [name, value] : pairs_of(rest)) set_env(config.env, name, value);
    } else if (instruction == "LABEL") {
        for (const auto& [name, value] : pairs_of(rest)) config.labels[name] = value;
    } else if (instruction == "EXPOSE") {
        for (const auto& word : split_words(rest)) config.exposed_ports.insert(port_of(word));
    } else if (instruction == "VOLUME") {
        for (const auto& path : json_strings(rest).value_or(split_words(rest))) config.volumes.insert(path);
    } else if (instruction == "ONBUILD") {
        config.on_build.push_back(text);
    } else if (instruction == "STOPSIGNAL") {
        config.stop_signal = text;
    } else if (instruction == "USER") {
        config.user = text;
    } else if (instruction == "WORKDIR") {
        config.working_dir = text;
    } else if (instruction == "HEALTHCHECK") {
        config.healthcheck = healthcheck_of(rest);
    } else {
        throw Error(
            "'{}' is not an instruction that can be applied here (CMD, ENTRYPOINT, ENV, EXPOSE, "
            "HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR)",
            printable(instruction));
    }
}

}  // namespace

void apply_change(oci::RunConfig& config, std::string_view change) {
    const std::string_view text = trim(change);
    const size_t end = text.find_first_of(" \t=");
    std::string instruction = to_lower(text.substr(0, end));
    for (char& c : instruction) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    const std::string_view rest =
        end == std::string_view::npos ? std::string_view() : trim(text.substr(end + 1));
    const bool may_be_empty = instruction == "CMD" || instruction == "ENTRYPOINT" || instruction == "USER";
    in_context(
        [&] {
            if (text.find('\0') != std::string_view::npos) throw Error("it contains a NUL");
            apply(config, instruction, rest);
            if (rest.empty() && !may_be_empty) throw Error("it needs a value");
        },
        "invalid change '{}'", printable(text));
}

}  // namespace rpod::image
