// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "container/health_plan.hh"
#include "container/health_probe.hh"
#include "container/health_state.hh"
#include "container/poll_set.hh"
#include "sys/timer.hh"

namespace rpod::container {

/// The health of one container, watched by its monitor: when checks run, what they say, what is to be done
/// about it. Between two checks it costs one timer.
class HealthWatch {
  public:
    using StartProbe = std::function<std::unique_ptr<HealthProbe>(const std::vector<std::string>& command,
                                                                  std::chrono::milliseconds timeout)>;
    /// What a check said.
    struct Verdict {
        bool ok = false;
        bool timed_out = false;
        Health health = Health::starting;
        HealthAction action = HealthAction::none;  ///< what is to be done with the container
    };

    HealthWatch(HealthPlan plan, std::filesystem::path directory, StartProbe start_probe);

    /// The container is about to run: writes that nothing is known of it.
    void reset();
    /// It runs: the first check is due at once.
    void begin();
    /// It ends, or is paused: no more checks; one that runs is killed, and forgotten.
    void end();
    /// It goes on after a pause.
    void resume();
    /// A check is wanted by the next serve(); where one runs, that is it.
    void ask() { asked_ = true; }
    bool active() const { return active_; }
    std::chrono::nanoseconds current_timeout() const { return current().timeout; }

    void add_to(PollSet& set);
    /// After the poll. @return what a check that has ended says
    std::optional<Verdict> serve(const PollSet& set);

  private:
    const CheckPlan& current() const { return started_up_ ? plan_.regular : *plan_.startup; }
    bool due(const PollSet& set) const;
    std::optional<HealthProbe::Result> start_probe();
    void arm(std::optional<std::chrono::milliseconds> pause);
    Verdict judge(HealthProbe::Result result);
    HealthAction judge_startup(bool ok);
    bool in_start_period(Time start) const;

    HealthPlan plan_;
    std::filesystem::path directory_;
    StartProbe start_probe_;
    HealthState state_;
    std::unique_ptr<HealthProbe> probe_;
    sys::Timer next_;
    size_t first_ = 0;     ///< in the poll set: the timer, then what the check has
    bool polled_ = false;  ///< and they are the ones that are there now
    Time began_;
    bool active_ = false;
    bool asked_ = false;
    bool started_up_ = true;
    uint32_t startup_successes_ = 0, startup_failures_ = 0;
};

}  // namespace rpod::container
