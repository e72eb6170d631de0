// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "container/clients.hh"
#include "container/config.hh"
#include "container/events.hh"
#include "container/health_watch.hh"
#include "container/notify.hh"
#include "container/record.hh"
#include "container/restart_policy.hh"
#include "container/streams.hh"
#include "runtime/launch.hh"
#include "runtime/plan.hh"
#include "sys/timer.hh"

/// One container of a monitor. The monitor of a lone container has one, that of a pod has many; each has its
/// own clients, streams, timers and records, and what goes wrong with one is none of the others' business.
namespace rpod::container {

struct MonitorJob {
    runtime::LaunchPlan plan;
    std::string id;
    std::filesystem::path directory;          ///< containers/ID
    std::filesystem::path control_directory;  ///< holds the control socket; empty: none
    std::chrono::seconds timeout{0};          ///< 0: none; the container is killed when it is over
    bool attached = true;                     ///< the client that starts it gets the output
    bool waits = false;                       ///< without that client it waits for another one to start it
    /// In one of others the monitor stays where the command is, and the kernel does not end the container
    /// with it.
    bool own_pid_namespace = true;
    bool null_stdin = false;  ///< Stdio::inherit: standard input is /dev/null all the same
    LogConfig log{.driver = "none", .options = {}};
    RestartPolicy restart;
    int stop_signal = SIGTERM;
    std::chrono::seconds stop_timeout{10};                          ///< from that signal to SIGKILL
    std::string pidfile, conmon_pidfile;                            ///< written when it starts; empty: none
    std::unique_ptr<Notifier> notify;                               ///< null: systemd hears nothing
    EventSink event = [](std::string_view, std::optional<int>) {};  ///< hears of what happens
    std::unique_ptr<HealthWatch> health;                            ///< null: nothing is checked
    /// Gets an address on one more network (container/network_connect.hh).
    std::function<runtime::NetworkJoin(const std::string& attachment,
                                       const std::vector<runtime::NetworkJoin>& present)>
        reserve_network;
    HealthEventSink health_event = [](std::string_view) {};
    /// Frees what others may take at once (the name), and for --rm moves the record out of the way. Called
    /// once, when the payload has ended for good and before clients hear of it.
    std::function<void()> release;
    /// Removes what is left, after the clients were told.
    std::function<void()> clean_up;
};

/// From its launch to its end, driven by the monitor's poll loop, in whose process everything here runs.
class Member {
  public:
    /// @param alive  the container's file `alive`, locked: closed when nothing of it is left
    /// @param pod  the pod whose monitor this is; empty: the container's own
    Member(MonitorJob job, MonitorEnd client, sys::Fd alive, std::string pod);
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    const std::string& id() const { return job_.id; }
    /// Launches it, or tells the client why that failed.
    void begin();

    /// One turn of the poll loop.
    void add_to(PollSet& set);
    /// The payload has ended: what its pipes still hold is taken, but no stray writer is waited for.
    bool drains() const { return phase_ == Phase::running && status_; }
    void serve(const PollSet& set);
    /// A child of the monitor has ended and was waited for. @return whether it was one of ours
    bool take_child(pid_t pid, sys::ExitStatus status);

    /// The container has ended for good, and nothing is left to do but to wait for slow clients.
    bool over() const { return phase_ == Phase::over; }
    /// Whether a client has not read all yet.
    bool has_pending() const { return clients_.has_pending(); }
    /// Waits for those a while (Clients::linger).
    void linger() { clients_.linger(); }
    /// Whether there was a payload that ended.
    bool has_run() const { return status_.has_value(); }

  private:
    enum class Phase { created, running, backing_off, over };
    /// Where things are in the poll set.
    struct Polled {
        size_t timeout, stop, again, network, notify;
        PollSet::Range joins;
    };

    void open_files();
    void set_status(Status status);
    void launch();
    void start();
    void fail(const Error& e);
    void give_up();

    void turn(const PollSet& set);
    void kill_for_timeout();
    void kill_for_stop();
    void kill_for_lost_files();
    void serve_clients(const PollSet& set);
    void take_message(Client& client);
    void answer(Client& client, const AttachMessage& message);
    void attach(Client& client, std::string_view streams);
    int send_signal(std::string_view text);
    void note_kill(int signal);
    void stop(std::string_view text);
    void begin_stop(std::chrono::seconds patience);
    void connect_network(const std::string& attachment);
    void disconnect_network(const std::string& network);
    void pause();
    void unpause();

    void check_health(Client& client);
    void serve_health(const PollSet& set);
    void act_on_health(HealthAction action);
    void settle_health();

    void record_exit(sys::ExitStatus status);
    void end_run();
    void start_again();
    void free_ports();
    void finish();
    void clean_up();

    MonitorJob job_;
    sys::Fd alive_;
    Clients clients_;
    Streams streams_;
    Polled polled_{};
    Phase phase_ = Phase::created;
    State state_;
    std::optional<runtime::Launched> launched_;
    sys::Timer timeout_, stop_timer_, restart_timer_;
    RestartDelay delay_;
    std::chrono::steady_clock::time_point ran_since_;
    bool stopped_by_hand_ = false;
    bool starts_again_ = false;  ///< its health check wants it, whatever the restart policy says
    /// What clients that asked hear once something was done about it.
    std::optional<std::string> health_answer_;
    std::optional<sys::ExitStatus> status_;
};

}  // namespace rpod::container
