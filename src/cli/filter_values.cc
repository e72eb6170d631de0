// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/filter_values.hh"

#include <array>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/filter_tests.hh"

namespace rpod::cli {

Pattern::Pattern(const std::string& text) {
    regex_t compiled{};
    if (const int rc = ::regcomp(&compiled, text.c_str(), REG_EXTENDED | REG_NOSUB); rc != 0) {
        std::array<char, 128> why{};
        ::regerror(rc, &compiled, why.data(), why.size());
        throw Error("'{}' is not a regular expression: {}", printable(text), why.data());
    }
    compiled_ = std::shared_ptr<regex_t>(new regex_t(compiled), [](regex_t* p) {
        ::regfree(p);
        delete p;
    });
}

bool Pattern::matches(const std::string& text) const {
    return ::regexec(compiled_.get(), text.c_str(), 0, nullptr, 0) == 0;
}

std::pair<std::string, std::string> parse_filter(const std::string& text) {
    const auto parts = split(text, '=', 2);
    if (parts.size() != 2) throw Error("filter '{}': expected KEY=VALUE", printable(text));
    return {std::string(parts[0]), std::string(parts[1])};
}

bool has_label(const std::map<std::string, std::string>& labels, const std::string& value) {
    const auto parts = split(value, '=', 2);
    const auto it = labels.find(std::string(parts[0]));
    return it != labels.end() && (parts.size() == 1 || it->second == parts[1]);
}

Timestamp parse_moment(const std::string& value) {
    if (const auto ns = parse_duration_ns(value)) {
        const auto present = now();
        const int64_t total = present.seconds * 1'000'000'000 + present.nanoseconds - *ns;
        return {.seconds = total / 1'000'000'000,
                .nanoseconds = static_cast<uint32_t>(total % 1'000'000'000)};
    }
    const auto parts = split(value, '.', 2);
    if (const auto seconds = parse_uint(parts[0], INT32_MAX * 1000LL)) {
        Timestamp time{.seconds = static_cast<int64_t>(*seconds)};
        if (parts.size() == 1) return time;
        std::string digits(parts[1].substr(0, 9));
        digits.resize(9, '0');
        if (const auto fraction = parse_uint(digits, 999'999'999)) {
            time.nanoseconds = static_cast<uint32_t>(*fraction);
            return time;
        }
    }
    for (const auto* rest : {"", "Z", ":00Z", "T00:00:00Z"}) {
        if (const auto time = parse_rfc3339(value + rest)) return *time;
    }
    throw Error("'{}' is neither a duration nor a time", printable(value));
}

bool parse_bool_value(const std::string& value, const std::string& filter) {
    static const std::set<std::string> yes{"1", "t", "T", "true", "TRUE", "True"};
    static const std::set<std::string> no{"0", "f", "F", "false", "FALSE", "False"};
    if (yes.contains(value)) return true;
    if (no.contains(value)) return false;
    throw Error("non-boolean value \"{}\" for {} filter", printable(value), filter);
}

}  // namespace rpod::cli
