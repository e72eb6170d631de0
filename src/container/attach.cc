// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/attach.hh"

#include "base/strings.hh"

namespace rpod::container {

std::optional<AttachMessage> MonitorEnd::receive() {
    auto packet = channel_.receive();
    if (!packet) {
        connected_ = false;
        return std::nullopt;
    }
    return AttachMessage{.kind = static_cast<AttachKind>(packet->kind),
                         .text = std::move(packet->text),
                         .fds = std::move(packet->fds)};
}

void MonitorEnd::close() {
    connected_ = false;
    queue_.clear();
    pending_bytes_ = 0;
    channel_.close();
}

bool MonitorEnd::try_send(AttachKind kind, std::string_view text) {
    try {
        return channel_.try_send(static_cast<uint32_t>(kind), text);
    } catch (const SysError& e) {
        if (!e.is(EPIPE) && !e.is(ECONNRESET)) throw;
        connected_ = false;
        return true;
    }
}

void MonitorEnd::tell(AttachKind kind, std::string_view text) {
    if (!connected_) return;
    if (queue_.empty() && try_send(kind, text)) return;
    queue_.push_back({.kind = kind, .text = std::string(text)});
    pending_bytes_ += text.size();
}

void MonitorEnd::drain() {
    while (!queue_.empty() && connected_) {
        const auto& next = queue_.front();
        if (!try_send(next.kind, next.text)) return;
        pending_bytes_ -= next.text.size();
        queue_.pop_front();
    }
}

void MonitorEnd::failed(const Error& e) {
    auto text = fmt::format("{}\n{}\n{}", e.exit_code(), e.what(), e.hint());
    if (text.size() > sys::Packet::kMaxText) text.resize(sys::Packet::kMaxText);
    tell(AttachKind::failed, text);
}

void MonitorEnd::exited(sys::ExitStatus status) {
    tell(AttachKind::exited, fmt::format("{} {}", status.code, status.signal));
}

AttachMessage ClientEnd::receive() const {
    auto packet = channel_.receive();
    if (!packet) throw MonitorGone();
    return {.kind = static_cast<AttachKind>(packet->kind), .text = std::move(packet->text)};
}

std::string ClientEnd::expect(AttachKind kind) const {
    auto message = receive();
    if (message.kind == AttachKind::failed) throw parse_failure(message.text);
    if (message.kind != kind) throw Error("the container's monitor spoke out of turn");
    return std::move(message.text);
}

void ClientEnd::signal(int number) const {
    channel_.send(static_cast<uint32_t>(AttachKind::signal), std::to_string(number));
}

void ClientEnd::resize(sys::WindowSize size) const {
    channel_.send(static_cast<uint32_t>(AttachKind::resize), fmt::format("{} {}", size.rows, size.columns));
}

std::pair<ClientEnd, MonitorEnd> make_attach_pair() {
    auto [a, b] = sys::Channel::make_pair();
    return {ClientEnd(std::move(a)), MonitorEnd(std::move(b))};
}

Error parse_failure(std::string_view text) {
    const auto fields = split(text, '\n', 3);
    if (fields.size() != 3) return Error("the container's monitor failed without a word");
    const auto code = parse_uint(fields[0], 255).value_or(kExitFailed);
    return Error(std::string(fields[1]))
        .with_exit_code(static_cast<int>(code))
        .with_hint(std::string(fields[2]));
}

sys::ExitStatus parse_exit(std::string_view text) {
    const auto fields = split(text, ' ');
    if (fields.size() != 2) throw Error("the container's monitor gave no exit code");
    return {.code = static_cast<int>(parse_uint(fields[0], 255).value_or(kExitFailed)),
            .signal = static_cast<int>(parse_uint(fields[1], 64).value_or(0))};
}

}  // namespace rpod::container
