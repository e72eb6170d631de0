// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/health_plan.hh"

namespace rpod::cli {
namespace {

constexpr const char* kGroup = "Health";

void add_text(CLI::App& app, const char* flag, std::optional<std::string>& value, const char* help,
              const char* type) {
    app.add_option(flag, value, help)->type_name(type)->group(kGroup);
}

void add_count(CLI::App& app, const char* flag, std::optional<uint32_t>& value, const char* help) {
    app.add_option(flag, value, help)->type_name("N")->group(kGroup);
}

/// @param what  as podman names it in its messages: "healthcheck-interval"
std::optional<int64_t> parse_time(const std::optional<std::string>& text, const char* what) {
    if (!text) return std::nullopt;
    const auto ns = parse_duration_ns(*text);
    if (!ns) throw Error("invalid {}: \"{}\" is not a duration such as 30s", what, printable(*text));
    return *ns;
}

std::optional<int64_t> parse_interval(const std::optional<std::string>& text, const char* what) {
    if (text == "disable") return 0;
    const auto ns = parse_time(text, what);
    if (ns && *ns < 0) throw Error("{} must be 0 seconds or greater", what);
    return ns;
}

std::optional<int64_t> parse_timeout(const std::optional<std::string>& text, const char* what) {
    const auto ns = parse_time(text, what);
    if (ns && *ns < 1) throw Error("{} must be at least 1 second", what);
    return ns;
}

container::HealthCheckConfig parse_regular(const HealthOptions& o) {
    container::HealthCheckConfig out;
    if (o.command) out.test = container::parse_health_command(*o.command);
    if (o.disabled) {
        if (!out.test.empty() && out.test.front() != "NONE")
            throw Error("cannot specify both --no-healthcheck and --health-cmd");
        out.test = {"NONE"};
    }
    out.interval_ns = parse_interval(o.interval, "healthcheck-interval");
    out.timeout_ns = parse_timeout(o.timeout, "healthcheck-timeout");
    out.start_period_ns = parse_time(o.start_period, "healthcheck-start-period");
    if (out.start_period_ns && *out.start_period_ns < 0)
        throw Error("healthcheck-start-period must be 0 seconds or greater");
    if (o.retries == 0U) throw Error("healthcheck-retries must be greater than 0");
    out.retries = o.retries;
    return out;
}

container::HealthCheckConfig parse_startup(const HealthOptions& o) {
    container::HealthCheckConfig out;
    if (!o.startup_command) {
        if (o.startup_interval || o.startup_timeout || o.startup_retries || o.startup_successes)
            throw Error(
                "--health-startup-cmd is missing: there is nothing that the other startup flags are about");
        return out;
    }
    out.test = container::parse_health_command(*o.startup_command);
    out.interval_ns = parse_interval(o.startup_interval, "startup healthcheck-interval");
    out.timeout_ns = parse_timeout(o.startup_timeout, "startup healthcheck-timeout");
    out.retries = o.startup_retries;
    return out;
}

}  // namespace

void add_health_flags(CLI::App& app, HealthOptions& o) {
    add_text(app, "--health-cmd", o.command,
             "Command that tells whether it is healthy: a shell command, a JSON list of words, or none",
             "COMMAND");
    add_text(app, "--health-interval", o.interval,
             "From one check to the next; disable: none by itself (default 30s)", "TIME");
    add_text(app, "--health-timeout", o.timeout, "How long a check may take (default 30s)", "TIME");
    add_count(app, "--health-retries", o.retries, "Failures in a row that make it unhealthy (default 3)");
    add_text(app, "--health-start-period", o.start_period, "Failures before that do not count (default 0s)",
             "TIME");
    add_text(app, "--health-on-failure", o.on_failure,
             "What to do when it is unhealthy: none, kill, restart, stop (default none)", "ACTION");
    add_text(app, "--health-startup-cmd", o.startup_command,
             "Command that must succeed before the other one is run", "COMMAND");
    add_text(app, "--health-startup-interval", o.startup_interval,
             "From one such check to the next (default 30s)", "TIME");
    add_text(app, "--health-startup-timeout", o.startup_timeout, "How long one may take (default 30s)",
             "TIME");
    add_count(app, "--health-startup-retries", o.startup_retries,
              "Failures after which it is started again; 0: never (default 0)");
    add_count(app, "--health-startup-success", o.startup_successes, "Successes that it takes (default 1)");
    app.add_flag("--no-healthcheck", o.disabled, "Do not run the health check of the image")->group(kGroup);
}

void apply(const HealthOptions& o, container::ContainerConfig& config) {
    auto& health = config.health;
    health.regular = parse_regular(o);
    health.startup = parse_startup(o);
    health.startup_successes = o.startup_successes.value_or(0);
    health.on_failure = container::parse_health_action(o.on_failure.value_or(""));
}

}  // namespace rpod::cli
