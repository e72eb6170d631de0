// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_plan.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "container/enum_names.hh"

namespace rpod::container {
namespace {

using std::chrono::nanoseconds;
using Strings = std::vector<std::string>;

constexpr const char* kNone = "NONE";
constexpr const char* kCmd = "CMD";
constexpr const char* kCmdShell = "CMD-SHELL";

/// Sums with points in time stay far from the end of time.
constexpr nanoseconds kLongest = std::chrono::hours(24 * 365);

constexpr EnumNames<HealthAction, 4> kActions{{{HealthAction::none, "none"},
                                               {HealthAction::kill, "kill"},
                                               {HealthAction::restart, "restart"},
                                               {HealthAction::stop, "stop"}}};

bool same_word(std::string_view text, std::string_view word) { return to_lower(text) == to_lower(word); }

Strings fields(std::string_view text) {
    Strings out;
    for (auto word : split(text, ' ')) {
        word = trim(word);
        if (!word.empty()) out.emplace_back(word);
    }
    return out;
}

std::optional<Strings> parse_array(std::string_view text) {
    if (!trim(text).starts_with('[')) return std::nullopt;
    try {
        return json::Value::parse(text, "health command").as_strings();
    } catch (const Error&) {
        return std::nullopt;  // [ is a command, too
    }
}

/// Of an array: the words that podman would not take for a list of words need one in front.
Strings from_array(Strings words) {
    if (words.empty()) throw Error("must define a healthcheck command for all healthchecks");
    for (const char* word : {kNone, kCmd, kCmdShell}) {
        if (!same_word(words.front(), word)) continue;
        words.front() = word;
        if (word == kNone) words.resize(1);
        return words;
    }
    words.insert(words.begin(), words.size() == 1 ? kCmdShell : kCmd);
    return words;
}

Strings from_text(std::string_view text) {
    const auto first = text.substr(0, text.find(' '));
    const auto rest = first.size() < text.size() ? text.substr(first.size() + 1) : std::string_view();
    if (same_word(first, kNone)) return {kNone};
    if (same_word(first, kCmd)) {
        auto words = fields(rest);
        words.insert(words.begin(), kCmd);
        return words;
    }
    return {kCmdShell, std::string(same_word(first, kCmdShell) ? rest : text)};
}

/// Nothing where there is nothing to be executed.
Strings command_of(const Strings& test) {
    if (test.empty() || test.front().empty() || test.front() == kNone) return {};
    const Strings rest(test.begin() + 1, test.end());
    if (test.front() == kCmdShell) {
        const auto text = join(rest, " ");
        return text.empty() ? Strings{} : Strings{"/bin/sh", "-c", text};
    }
    const auto& words = test.front() == kCmd ? rest : test;
    return words.empty() || words.front().empty() ? Strings{} : words;
}

nanoseconds bounded(int64_t ns) { return std::min(nanoseconds(ns), kLongest); }

/// @param fallback  0: the default
nanoseconds duration(std::optional<int64_t> asked, int64_t image, nanoseconds fallback) {
    if (asked) return bounded(*asked);
    return image > 0 ? bounded(image) : fallback;
}

CheckPlan plan_check(const HealthCheckConfig& asked, const oci::Healthcheck& image, uint32_t retries) {
    CheckPlan plan;
    plan.test = asked.test.empty() ? image.test : asked.test;
    plan.command = command_of(plan.test);
    plan.interval = duration(asked.interval_ns, image.interval_ns, kHealthInterval);
    plan.timeout = duration(asked.timeout_ns, image.timeout_ns, kHealthTimeout);
    const auto of_image = static_cast<uint32_t>(std::min<int64_t>(image.retries, UINT32_MAX));
    plan.retries = asked.retries.value_or(of_image > 0 ? of_image : retries);
    return plan;
}

}  // namespace

std::optional<std::chrono::milliseconds> CheckPlan::pause() const {
    if (interval.count() == 0) return std::nullopt;
    return std::max(kHealthPause, std::chrono::duration_cast<std::chrono::milliseconds>(interval));
}

std::optional<HealthPlan> plan_health(const HealthConfig& config, const oci::Healthcheck* image) {
    const oci::Healthcheck from_image = image ? *image : oci::Healthcheck{};
    HealthPlan plan;
    plan.regular = plan_check(config.regular, from_image, kHealthRetries);
    plan.start_period = duration(config.regular.start_period_ns, from_image.start_period_ns, nanoseconds(0));
    plan.on_failure = config.on_failure;
    if (plan.regular.command.empty()) {
        if (config.on_failure != HealthAction::none) {
            throw Error("cannot set on-failure action to {} without a health check",
                        action_name(config.on_failure));
        }
        if (!config.startup.test.empty())
            throw Error(
                "a startup health check was given, but there is no health check that it comes before");
        return std::nullopt;
    }
    if (config.startup.test.empty()) return plan;
    auto startup = plan_check(config.startup, {}, 0);
    if (startup.command.empty()) return plan;
    plan.startup = std::move(startup);
    plan.startup_successes = std::max(1U, config.startup_successes);
    return plan;
}

std::vector<std::string> parse_health_command(std::string_view text) {
    if (trim(text).empty()) throw Error("must define a healthcheck command for all healthchecks");
    if (auto words = parse_array(text)) return from_array(*std::move(words));
    auto test = from_text(text);
    if (test.front() != kNone && command_of(test).empty())
        throw Error("health command '{}': there is no command in it", printable(text));
    return test;
}

HealthAction parse_health_action(std::string_view text) {
    if (text.empty()) return HealthAction::none;
    if (const auto action = find_enum(kActions, text)) return *action;
    throw Error(
        "invalid on-failure action \"{}\" for health check: supported actions are none,kill,restart,stop",
        printable(text));
}

std::string_view action_name(HealthAction action) { return name_of(kActions, action); }

}  // namespace rpod::container
