// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/streams.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"
#include "sys/terminal.hh"

namespace rpod::container {

void Streams::open(runtime::Launched& launched) {
    if (launched.console) {
        // Input and output are one descriptor each way, so that each side ends for itself.
        input_.emplace(sys::duplicate(launched.console.get()));
        outputs_.emplace_back(AttachKind::stdout_data, std::move(launched.console));
        return;
    }
    if (launched.stdin_pipe) input_.emplace(std::move(launched.stdin_pipe));
    if (launched.stdout_pipe) outputs_.emplace_back(AttachKind::stdout_data, std::move(launched.stdout_pipe));
    if (launched.stderr_pipe) outputs_.emplace_back(AttachKind::stderr_data, std::move(launched.stderr_pipe));
}

void Streams::close() {
    log_->finish();
    outputs_.clear();
    input_.reset();
    clients_.stdin_taken();
}

void Streams::add_to(PollSet& set, bool takes_output) {
    first_ = set.add(input_ && input_->has_pending() ? input_->fd() : -1, POLLOUT);
    polled_ = outputs_.size();
    for (const auto& output : outputs_) set.add(takes_output ? output.fd() : -1, POLLIN);
}

void Streams::serve(const PollSet& set, bool ended) {
    if (set.ready(first_)) write_input();
    bool any = false;
    for (size_t i = 0; i < std::min(polled_, outputs_.size()); ++i) {
        if (!set.ready(first_ + 1 + i)) continue;
        any = true;
        take_output(outputs_[i]);
    }
    if (!ended || any) return;
    for (auto& output : outputs_) output.close();
}

bool Streams::output_taken() const {
    return std::none_of(outputs_.begin(), outputs_.end(), [](const auto& o) { return o.is_open(); });
}

void Streams::take_output(OutputSource& output) {
    const auto data = output.read();
    if (data.empty()) return;
    log_->write(output.stream() == AttachKind::stdout_data ? LogStream::out : LogStream::err, data);
    clients_.output(output.stream(), data);
}

void Streams::take_input(Client& client, std::string_view data) {
    // One that does not wait for its turn is no client of ours.
    if (client.input_in_flight) return client.end.close();
    if (!input_) return client.end.tell(AttachKind::stdin_taken);
    client.input_in_flight = true;
    input_->add(data);
    write_input();
}

void Streams::end_input() {
    // A terminal has no end of input but the one that its user types.
    if (!terminal_) input_.reset();
}

void Streams::end_output(Client& client, std::string_view stream) {
    const auto kind = stream == "2" ? AttachKind::stderr_data : AttachKind::stdout_data;
    (kind == AttachKind::stderr_data ? client.err : client.out) = false;
    // The payload gets what it would get from a reader that left: SIGPIPE, or a hangup of its terminal. Only
    // from the client that set its pace, and where nobody else reads.
    const auto& all = clients_.all();
    const bool others = std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.wants(kind); });
    if (!client.foreground || others) return;
    for (auto& output : outputs_) {
        if (output.stream() == kind) output.close();
    }
    if (terminal_) input_.reset();
}

void Streams::write_input() {
    if (!input_ || !input_->drain()) return;
    clients_.stdin_taken();
    if (input_->broken()) input_.reset();
}

void Streams::resize(std::string_view text) {
    const auto fields = split(text, ' ');
    if (!terminal_ || fields.size() != 2 || outputs_.empty()) return;
    sys::set_window_size(outputs_.front().fd(),
                         {.rows = static_cast<uint16_t>(parse_uint(fields[0], UINT16_MAX).value_or(0)),
                          .columns = static_cast<uint16_t>(parse_uint(fields[1], UINT16_MAX).value_or(0))});
}

}  // namespace rpod::container
