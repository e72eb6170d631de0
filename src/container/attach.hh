// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hh"
#include "sys/channel.hh"
#include "sys/process.hh"
#include "sys/terminal.hh"

/// What the command (`rpod run`) and the monitor say to each other, over one socket pair that is made before
/// the fork. Neither ever waits for the other to read: the monitor because it serves the container whatever
/// the client does, the client because its signals must get through. Standard input goes in single steps
/// (stdin_data, stdin_taken); output that the client does not read makes the monitor stop reading the
/// container's.
namespace rpod::container {

enum class AttachKind : uint32_t {
    // client → monitor
    start = 1,   ///< run the payload
    signal,      ///< text: the number
    resize,      ///< text: "ROWS COLUMNS"
    stdin_data,  ///< bytes for the container's standard input; the next only after stdin_taken
    stdin_end,   ///< standard input is over
    output_end,  ///< text: "1" or "2": nobody reads this stream any more
    // monitor → client
    created = 32,  ///< text: the container's ID
    started,
    failed,  ///< text: "CODE\nMESSAGE\nHINT"; nothing follows
    stdout_data,
    stderr_data,
    stdin_taken,
    exited  ///< text: "CODE SIGNAL"; nothing follows
};

/// The largest run of bytes in one message.
constexpr size_t kAttachChunk = 32 << 10;

struct AttachMessage {
    AttachKind kind;
    std::string text;
};

/// Held by the monitor. Everything is quietly dropped once the client is gone.
class MonitorEnd {
  public:
    explicit MonitorEnd(sys::Channel channel) : channel_(std::move(channel)) {}
    int fd() const { return channel_.fd(); }
    bool connected() const { return connected_; }
    void close() { channel_.close(); }
    /// When fd() is readable; nothing when the client is gone.
    std::optional<AttachMessage> receive();

    void created(std::string_view id) { send(AttachKind::created, id); }
    void started() { send(AttachKind::started); }
    void failed(const Error& e);
    void stdin_taken() { send(AttachKind::stdin_taken); }
    void exited(sys::ExitStatus status);
    /// @return false where the client has not read what it has; ask again when fd() is writable
    bool try_output(AttachKind stream, std::string_view data);

  private:
    void send(AttachKind kind, std::string_view text = {});
    sys::Channel channel_;
    bool connected_ = true;
};

/// Held by the command.
class ClientEnd {
  public:
    explicit ClientEnd(sys::Channel channel) : channel_(std::move(channel)) {}
    int fd() const { return channel_.fd(); }
    /// Waits for a message. @throws Error where the monitor died
    AttachMessage receive() const;
    /// The next message must be of this kind. @throws Error that the monitor failed with
    std::string expect(AttachKind kind) const;

    void start() const { channel_.send(static_cast<uint32_t>(AttachKind::start)); }
    void signal(int number) const;
    void resize(sys::WindowSize size) const;
    void stdin_data(std::string_view data) const {
        channel_.send(static_cast<uint32_t>(AttachKind::stdin_data), data);
    }
    /// The container is to know, so that `run IMAGE yes | head` ends.
    void output_end(int fd) const {
        channel_.send(static_cast<uint32_t>(AttachKind::output_end), std::to_string(fd));
    }
    void stdin_end() const { channel_.send(static_cast<uint32_t>(AttachKind::stdin_end)); }

  private:
    sys::Channel channel_;
};

std::pair<ClientEnd, MonitorEnd> make_attach_pair();

/// The error that a `failed` message carries.
Error parse_failure(std::string_view text);
/// The status that an `exited` message carries.
sys::ExitStatus parse_exit(std::string_view text);

}  // namespace rpod::container
