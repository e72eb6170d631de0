// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/error.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "container/freezer.hh"
#include "container/member.hh"
#include "container/port_change.hh"
#include "sys/process.hh"

// What clients ask a container for.

namespace rpod::container {

void Member::take_message(Client& client) {
    const auto message = client.end.receive();
    if (!message) return;
    try {
        answer(client, *message);
    } catch (const Error& e) {
        // A start that fails is the container's end; the rest is between us and this client.
        if (message->kind == AttachKind::start) throw;
        client.end.failed(e);
    }
}

void Member::answer(Client& client, const AttachMessage& message) {
    switch (message.kind) {
        case AttachKind::start:
            client.waits_for_exit = true;
            if (phase_ == Phase::created) start();
            if (job_.attached) job_.event("attach", {});
            return client.end.tell(AttachKind::started);
        case AttachKind::attach:
            return attach(client, message.text);
        case AttachKind::watch:
            client.waits_for_exit = true;
            return;
        case AttachKind::signal:
            if (launched_) send_signal(message.text);
            return;
        case AttachKind::kill:
            if (launched_) note_kill(send_signal(message.text));
            return client.end.tell(AttachKind::done);
        case AttachKind::stop:
            client.waits_for_exit = true;
            return stop(message.text);
        case AttachKind::pause:
            pause();
            return client.end.tell(AttachKind::done);
        case AttachKind::unpause:
            unpause();
            return client.end.tell(AttachKind::done);
        case AttachKind::publish:
            return client.end.tell(
                AttachKind::done,
                open_ports(job_.plan.network, launched_ ? &launched_->servers() : nullptr, message.text));
        case AttachKind::unpublish:
            close_ports(job_.plan.network, launched_ ? &launched_->servers() : nullptr, message.text);
            return client.end.tell(AttachKind::done);
        case AttachKind::connect_network:
            connect_network(message.text);
            return client.end.tell(AttachKind::done);
        case AttachKind::disconnect_network:
            disconnect_network(message.text);
            return client.end.tell(AttachKind::done);
        case AttachKind::check_health:
            return check_health(client);
        case AttachKind::reload:
            job_.restart = parse_restart_policy(read_config(job_.directory).restart);
            return client.end.tell(AttachKind::done);
        case AttachKind::resize:
            return streams_.resize(message.text);
        case AttachKind::stdin_data:
            return streams_.take_input(client, message.text);
        case AttachKind::stdin_end:
            return streams_.end_input();
        case AttachKind::output_end:
            return streams_.end_output(client, message.text);
        default:
            return client.end.close();
    }
}

void Member::attach(Client& client, std::string_view streams) {
    client.out = streams.find('1') != std::string_view::npos;
    client.err = streams.find('2') != std::string_view::npos;
    client.waits_for_exit = true;
    client.end.tell(AttachKind::started);
}

int Member::send_signal(std::string_view text) {
    const auto number = parse_uint(text, 64);
    if (!number || *number == 0) return 0;
    sys::send_signal(launched_->pidfd(), static_cast<int>(*number));
    return static_cast<int>(*number);
}

/// Who kills a container by hand does not want it back.
void Member::note_kill(int signal) {
    if (signal == SIGKILL || signal == job_.stop_signal) stopped_by_hand_ = true;
    job_.event("kill", {});
}

void Member::stop(std::string_view text) {
    if (state_.status == Status::paused) {
        throw Error(
            "can only stop created or running containers. {} is in state paused: container state "
            "improper",
            job_.id);
    }
    stopped_by_hand_ = true;
    job_.event("stop", {});
    if (phase_ == Phase::backing_off) return finish();
    if (phase_ == Phase::created) {
        give_up();
        clients_.exited({});
        return clean_up();
    }
    const auto given = parse_uint(text, UINT32_MAX);
    begin_stop(given ? std::chrono::seconds(*given) : job_.stop_timeout);
}

void Member::begin_stop(std::chrono::seconds patience) {
    if (job_.health) job_.health->end();
    set_status(Status::stopping);
    if (patience.count() == 0) return kill_for_stop();
    sys::send_signal(launched_->pidfd(), job_.stop_signal);
    stop_timer_.arm(patience);
}

void Member::connect_network(const std::string& attachment) {
    auto& network = job_.plan.network;
    if (network.mode != runtime::NetworkMode::networks || !job_.reserve_network)
        throw Error("its network is none that others could be added to");
    auto join = job_.reserve_network(attachment, network.joins);
    if (launched_) launched_->servers().joins().add(join);
    network.joins.push_back(std::move(join));
}

/// The end of the connection is what takes it from there.
void Member::disconnect_network(const std::string& name) {
    std::erase_if(job_.plan.network.joins, [&](const auto& join) { return join.network == name; });
}

void Member::pause() {
    if (phase_ != Phase::running || state_.status != Status::running)
        throw Error("\"{}\" is not running, can't pause: container state improper", job_.id);
    if (!job_.own_pid_namespace) {
        throw Error("pause {}: it shares its PID namespace with others, whom this would stop, too", job_.id);
    }
    // A check that is stopped, too, would be late.
    if (job_.health) {
        job_.health->end();
        settle_health();
    }
    stop_processes(launched_->pidfd(), state_.pid);
    set_status(Status::paused);
    job_.event("pause", {});
}

void Member::unpause() {
    if (phase_ != Phase::running || state_.status != Status::paused)
        throw Error("\"{}\" is not paused, can't unpause: container state improper", job_.id);
    continue_processes(launched_->pidfd(), state_.pid);
    set_status(Status::running);
    if (job_.health) job_.health->resume();
    job_.event("unpause", {});
}

}  // namespace rpod::container
