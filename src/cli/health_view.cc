// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/health_view.hh"

#include "base/error.hh"
#include "container/health_plan.hh"

namespace rpod::cli {
namespace {

using Show = DataObject::Show;

DataObject make_check(const oci::Healthcheck& h, const char* type) {
    DataObject o{.type = type};
    const auto add = [&](const char* name, Data value) {
        o.add(name, std::move(value), {}, Show::unless_empty);
    };
    add("Test", Data::strings(h.test));
    add("StartPeriod", h.start_period_ns);
    add("Interval", h.interval_ns);
    add("Timeout", h.timeout_ns);
    add("Retries", h.retries);
    return o;
}

oci::Healthcheck check_of(const container::CheckPlan& plan) {
    return {.test = plan.test,
            .interval_ns = plan.interval.count(),
            .timeout_ns = plan.timeout.count(),
            .start_period_ns = 0,
            .retries = plan.retries};
}

}  // namespace

Data view_of(const std::optional<oci::Healthcheck>& check) {
    return check ? Data(make_check(*check, "manifest.Schema2HealthConfig")) : Data();
}

DataObject inspect_health(const std::optional<container::HealthState>& health) {
    DataObject o{.type = "define.HealthCheckResults"};
    if (!health) return o.add("Status", "").add("FailingStreak", 0).add("Log", Data::nil_list());
    DataList log;
    for (const auto& result : health->log) {
        DataObject line{.type = "define.HealthCheckLog"};
        line.add("Start", container::format_time(result.start))
            .add("End", container::format_time(result.end));
        line.add("ExitCode", result.code).add("Output", result.output);
        log.emplace_back(std::move(line));
    }
    o.add("Status", container::health_name(health->status));
    o.add("FailingStreak", int64_t{health->failing_streak});
    return o.add("Log", log.empty() ? Data::nil_list() : Data(std::move(log)));
}

void add_health(DataObject& out, const container::HealthConfig& config, const oci::RunConfig* image) {
    std::optional<container::HealthPlan> plan;
    try {
        plan = container::plan_health(config, image);
    } catch (const Error&) {
        // It was refused when it was made.
    }
    Data regular, startup;
    if (plan) {
        auto check = check_of(plan->regular);
        check.start_period_ns = plan->start_period.count();
        regular = make_check(check, "manifest.Schema2HealthConfig");
    } else if (!config.regular.test.empty()) {
        regular = make_check({.test = config.regular.test}, "manifest.Schema2HealthConfig");
    }
    if (plan && plan->startup) {
        auto o = make_check(check_of(*plan->startup), "define.StartupHealthCheck");
        o.add("Successes", int64_t{plan->startup_successes}, {}, Show::unless_empty);
        startup = std::move(o);
    }
    out.add("Healthcheck", std::move(regular), {}, Show::unless_empty);
    out.add("StartupHealthCheck", std::move(startup), {}, Show::unless_empty);
}

}  // namespace rpod::cli
