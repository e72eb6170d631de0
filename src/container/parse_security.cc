// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_security.hh"

#include <array>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/parse_path.hh"

namespace rpod::container {
namespace {

[[noreturn]] void fail(std::string_view text, std::string_view message) {
    throw Error("security-opt '{}': {}", printable(text), message);
}

/// "/a:/b" → cleaned absolute paths.
void take_paths(std::vector<std::string>& out, std::string_view paths, std::string_view text) {
    for (const auto path : split(paths, ':')) {
        out.push_back(parse_destination(path, fmt::format("security-opt '{}'", printable(text))));
    }
}

bool parse_switch(std::string_view value, std::string_view text) {
    if (value == "true") return true;
    if (value == "false") return false;
    fail(text, "expected true or false");
}

/// Options of a proc mount (proc(5)): "hidepid=2,subset=pid".
void check_proc_options(std::string_view value, std::string_view text) {
    static constexpr std::array<std::string_view, 9> known{
        "hidepid=0",        "hidepid=1",         "hidepid=2",          "hidepid=4", "hidepid=off",
        "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable", "subset=pid"};
    for (const auto option : split(value, ',')) {
        bool found = false;
        for (const auto k : known) found = found || k == option;
        if (!found) fail(text, fmt::format("'{}' is not an option of a proc mount", printable(option)));
    }
}

void check_label(std::string_view value, std::string_view text) {
    static constexpr std::array<std::string_view, 7> known{
        "disable", "nested", "user:", "role:", "type:", "level:", "filetype:"};
    for (const auto k : known) {
        if (k.ends_with(':') ? value.size() > k.size() && value.starts_with(k) : value == k) return;
    }
    fail(text, "a label option is disable, nested, user:U, role:R, type:T, level:L or filetype:T");
}

SeccompChoice parse_seccomp(std::string_view value, std::string_view cwd, std::string_view text) {
    if (value == "unconfined") return {SeccompChoice::Mode::unconfined, {}};
    return {SeccompChoice::Mode::file,
            parse_host_path(value, cwd, fmt::format("security-opt '{}'", printable(text)))};
}

}  // namespace

void take_security_option(SecurityConfig& security, std::string_view text, std::string_view cwd) {
    // Docker wrote "label:disable" once; scripts still do.
    size_t at = text.find('=');
    if (at == std::string_view::npos) at = text.find(':');
    const std::string_view key = text.substr(0, at);
    const std::string_view value = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
    if (key == "no-new-privileges") {
        security.no_new_privileges = at == std::string_view::npos || parse_switch(value, text);
        return;
    }
    if (value.empty()) fail(text, "expected KEY=VALUE");
    if (key == "seccomp") {
        security.seccomp = parse_seccomp(value, cwd, text);
    } else if (key == "mask") {
        take_paths(security.mask, value, text);
    } else if (key == "unmask") {
        if (to_lower(value) == "all") {
            security.unmask.emplace_back("ALL");
        } else {
            take_paths(security.unmask, value, text);
        }
    } else if (key == "systempaths") {
        if (value != "unconfined") fail(text, "the only value is 'unconfined'");
        security.unmask.emplace_back("ALL");
    } else if (key == "label") {
        check_label(value, text);
        security.label_options.emplace_back(value);
    } else if (key == "apparmor") {
        // An unprivileged user can neither load a profile nor stack one on a confined namespace.
        if (value != "unconfined") fail(text, "AppArmor profiles are not supported, only 'unconfined'");
    } else if (key == "proc-opts") {
        check_proc_options(value, text);
        security.proc_options = value;
    } else {
        fail(text, "unknown option");
    }
}

}  // namespace rpod::container
