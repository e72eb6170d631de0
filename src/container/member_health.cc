// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/error.hh"
#include "base/log.hh"
#include "container/member.hh"
#include "sys/process.hh"

// What a container's health has to do with its life.

namespace rpod::container {
namespace {

std::string seconds_text(std::chrono::nanoseconds time) {
    return fmt::format("{:g}s", std::chrono::duration<double>(time).count());
}

}  // namespace

void Member::check_health(Client& client) {
    if (!job_.health) throw Error("container {} has no defined healthcheck", job_.id);
    if (!job_.health->active()) throw Error("container {} is not running", job_.id);
    client.waits_for_check = true;
    job_.health->ask();
}

void Member::serve_health(const PollSet& set) {
    auto& health = *job_.health;
    const auto timeout = health.current_timeout();
    const auto verdict = health.serve(set);
    if (!verdict) return;
    job_.health_event(health_name(verdict->health));
    if (job_.notify && verdict->health == Health::healthy) job_.notify->healthy();
    if (verdict->timed_out)
        clients_.not_checked(Error("healthcheck command exceeded timeout of {}", seconds_text(timeout)));
    // Nobody looks at a container that is still to be killed: the answer comes after that.
    health_answer_ = verdict->ok ? std::string() : std::string(health_name(verdict->health));
    if (verdict->action == HealthAction::none) return settle_health();
    act_on_health(verdict->action);
}

/// Who waits for a check hears what came of it, or that nothing will.
void Member::settle_health() {
    if (health_answer_) {
        clients_.checked(*health_answer_);
    } else {
        clients_.not_checked(Error("container {} is not running", job_.id));
    }
    health_answer_.reset();
}

void Member::act_on_health(HealthAction action) {
    log::info("its health check failed: {}", action_name(action));
    switch (action) {
        case HealthAction::none:
            return;
        case HealthAction::kill:
            job_.health->end();
            sys::send_signal(launched_->pidfd(), SIGKILL);
            return job_.event("kill", {});
        case HealthAction::restart:
            starts_again_ = true;
            return begin_stop(job_.stop_timeout);
        case HealthAction::stop:
            stopped_by_hand_ = true;
            job_.event("stop", {});
            return begin_stop(job_.stop_timeout);
    }
}

}  // namespace rpod::container
