// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_json.hh"

#include "base/error.hh"
#include "container/health_plan.hh"

namespace rpod::container {
namespace {

void set_check(json::Builder& out, const HealthCheckConfig& check) {
    if (!check.test.empty()) out.set("test", json::Builder::of(check.test));
    if (check.interval_ns) out.set("interval_ns", *check.interval_ns);
    if (check.timeout_ns) out.set("timeout_ns", *check.timeout_ns);
    if (check.start_period_ns) out.set("start_period_ns", *check.start_period_ns);
    if (check.retries) out.set("retries", *check.retries);
}

std::optional<int64_t> time_from(const json::Value& v, std::string_view key) {
    const auto member = v.find(key);
    return member ? std::optional(member->as_int(0)) : std::nullopt;
}

uint32_t count_from(const json::Value& v, std::string_view key) {
    return static_cast<uint32_t>(v.at(key).as_uint(UINT32_MAX));
}

HealthCheckConfig check_from(const json::Value& v) {
    HealthCheckConfig check;
    check.test = v.strings_or_empty("test");
    check.interval_ns = time_from(v, "interval_ns");
    check.timeout_ns = time_from(v, "timeout_ns");
    check.start_period_ns = time_from(v, "start_period_ns");
    if (v.find("retries")) check.retries = count_from(v, "retries");
    return check;
}

}  // namespace

json::Builder health_to_json(const HealthConfig& health) {
    auto out = json::Builder::object();
    set_check(out, health.regular);
    if (health.on_failure != HealthAction::none) out.set("on_failure", action_name(health.on_failure));
    if (health.startup == HealthCheckConfig{} && health.startup_successes == 0) return out;
    auto startup = json::Builder::object();
    set_check(startup, health.startup);
    if (health.startup_successes != 0) startup.set("successes", health.startup_successes);
    out.set("startup", std::move(startup));
    return out;
}

HealthConfig health_from_json(const json::Value& value) {
    HealthConfig health;
    health.regular = check_from(value);
    health.on_failure =
        in_context([&] { return parse_health_action(value.string_or("on_failure")); }, "{}", value.path());
    if (const auto startup = value.find("startup")) {
        health.startup = check_from(*startup);
        if (startup->find("successes")) health.startup_successes = count_from(*startup, "successes");
    }
    return health;
}

}  // namespace rpod::container
