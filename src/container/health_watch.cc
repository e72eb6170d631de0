// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/health_watch.hh"

#include <utility>

#include "base/error.hh"
#include "base/log.hh"

namespace rpod::container {
namespace {

using std::chrono::milliseconds;

constexpr int kTimedOut = -1;

milliseconds whole_ms(std::chrono::nanoseconds time) { return std::chrono::ceil<milliseconds>(time); }

}  // namespace

HealthWatch::HealthWatch(HealthPlan plan, std::filesystem::path directory, StartProbe start_probe)
    : plan_(std::move(plan)), directory_(std::move(directory)), start_probe_(std::move(start_probe)) {}

void HealthWatch::reset() {
    end();
    state_ = {};
    started_up_ = !plan_.startup;
    startup_successes_ = startup_failures_ = 0;
    write_health(directory_, state_);
}

void HealthWatch::begin() {
    began_ = std::chrono::system_clock::now();
    active_ = true;
    if (current().pause()) arm(milliseconds(0));
}

void HealthWatch::end() {
    active_ = asked_ = polled_ = false;
    probe_.reset();
    next_.disarm();
}

void HealthWatch::resume() {
    active_ = true;
    arm(current().pause());
}

void HealthWatch::arm(std::optional<milliseconds> pause) {
    polled_ = false;
    if (pause) {
        next_.arm(*pause);
    } else {
        next_.disarm();
    }
}

/// @return its result where it could not be started
std::optional<HealthProbe::Result> HealthWatch::start_probe() {
    next_.disarm();
    asked_ = polled_ = false;
    try {
        probe_ = start_probe_(current().command, whole_ms(current().timeout));
        return std::nullopt;
    } catch (const Error& e) {
        log::warn("start a health check: {}", e.what());
        const auto now = std::chrono::system_clock::now();
        return HealthProbe::Result{
            .start = now, .end = now, .ok = false, .timed_out = false, .output = e.what()};
    }
}

void HealthWatch::add_to(PollSet& set) {
    first_ = set.add(next_.fd(), POLLIN);
    if (probe_) probe_->add_to(set);
    polled_ = true;
}

bool HealthWatch::due(const PollSet& set) const { return asked_ || (polled_ && set.ready(first_)); }

std::optional<HealthWatch::Verdict> HealthWatch::serve(const PollSet& set) {
    std::optional<HealthProbe::Result> result;
    if (probe_) {
        if (polled_) result = probe_->serve(set);
    } else if (active_ && due(set)) {
        result = start_probe();
    }
    if (!result) return std::nullopt;
    probe_.reset();
    asked_ = false;
    const auto before = started_up_;
    const auto verdict = judge(*std::move(result));
    // The first regular check follows the last one that was a gate to it.
    const auto pause = current().pause();
    arm(pause && started_up_ != before ? milliseconds(0) : pause);
    return verdict;
}

bool HealthWatch::in_start_period(Time start) const { return start < began_ + plan_.start_period; }

HealthWatch::Verdict HealthWatch::judge(HealthProbe::Result result) {
    Verdict verdict{.ok = result.ok, .timed_out = result.timed_out};
    const bool regular = started_up_;
    if (!regular) verdict.action = judge_startup(result.ok);
    const bool counts = regular && !in_start_period(result.start);
    const auto before = state_.status;
    state_.add({.start = result.start,
                .end = result.end,
                .code = result.ok          ? 0
                        : result.timed_out ? kTimedOut
                                           : 1,
                .output = health_output(result.output)},
               counts, plan_.regular.retries);
    // One startup check that succeeds is not all that was asked for.
    if (!started_up_) state_.status = before;
    write_health(directory_, state_);
    verdict.health = state_.status;
    if (regular && state_.status == Health::unhealthy) verdict.action = plan_.on_failure;
    return verdict;
}

HealthAction HealthWatch::judge_startup(bool ok) {
    if (ok) {
        started_up_ = ++startup_successes_ >= plan_.startup_successes;
        return HealthAction::none;
    }
    const auto most = plan_.startup->retries;
    return ++startup_failures_ >= most && most > 0 ? HealthAction::restart : HealthAction::none;
}

}  // namespace rpod::container
