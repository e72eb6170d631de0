// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hh"
#include "sys/channel.hh"
#include "sys/process.hh"
#include "sys/terminal.hh"

/// What a command and the monitor say to each other: over a socket pair that is made before the fork (`rpod
/// run`, `rpod start`), or over the socket `control` in the container's runtime directory (`attach`, `stop`,
/// …). Neither ever waits for the other to read: the monitor because it serves the container whatever the
/// client does, the client because its signals must get through. Standard input goes in single steps
/// (stdin_data, stdin_taken). Output that the client of the socket pair does not read makes the monitor stop
/// reading the container's; one that came by the socket is let go when it falls too far behind.
namespace rpod::container {

enum class AttachKind : uint32_t {
    // client → monitor
    start = 1,   ///< run the payload
    signal,      ///< text: the number
    resize,      ///< text: "ROWS COLUMNS"
    stdin_data,  ///< bytes for the container's standard input; the next only after stdin_taken
    stdin_end,   ///< standard input is over
    output_end,  ///< text: "1" or "2": nobody reads this stream any more
    attach,      ///< text: the streams wanted, "1", "2" or "12"; answered with started, later with exited
    watch,       ///< answered with exited when the payload has ended
    stop,        ///< text: seconds until SIGKILL, empty: the container's; answered with exited
    kill,        ///< text: the number of a signal; answered with done
    pause,       ///< answered with done
    unpause,     ///< answered with done
    publish,  ///< text: ports (container/port_json.hh); answered with done and the same, all host ports known
    unpublish,  ///< text: ports; answered with done
    member,  ///< to a pod: text says which container is to be launched, with the socket of its first client
    check_health,     ///< answered with done and, where the check does not succeed, the state of its health
    connect_network,  ///< text: as --network takes it; answered with done
    disconnect_network,  ///< text: the network's name; answered with done
    reload,              ///< the restart policy in the record is another one; answered with done
    // monitor → client
    created = 32,  ///< text: the container's ID
    started,
    failed,  ///< text: "CODE\nMESSAGE\nHINT"; nothing follows
    stdout_data,
    stderr_data,
    stdin_taken,
    exited,  ///< text: "CODE SIGNAL"; nothing follows
    done
};

/// The largest run of bytes in one message.
constexpr size_t kAttachChunk = 32 << 10;

/// The peer is gone without a word.
class MonitorGone : public Error {
  public:
    MonitorGone() : Error(std::string("the container's monitor died")) {}
};

struct AttachMessage {
    AttachKind kind;
    std::string text;
    std::vector<sys::Fd> fds{};
};

/// Held by the monitor, one for each client. Nothing here waits: what the socket does not take at once is
/// queued and sent by drain(). Everything is quietly dropped once the client is gone.
class MonitorEnd {
  public:
    explicit MonitorEnd(sys::Channel channel) : channel_(std::move(channel)) {}
    int fd() const { return channel_.fd(); }
    bool connected() const { return connected_; }
    void close();
    /// When fd() is readable; nothing when the client is gone.
    std::optional<AttachMessage> receive();

    void tell(AttachKind kind, std::string_view text = {});
    void failed(const Error& e);
    void exited(sys::ExitStatus status);
    bool has_pending() const { return !queue_.empty(); }
    size_t pending_bytes() const { return pending_bytes_; }
    /// When fd() is writable.
    void drain();

  private:
    bool try_send(AttachKind kind, std::string_view text);
    sys::Channel channel_;
    bool connected_ = true;
    std::deque<AttachMessage> queue_;
    size_t pending_bytes_ = 0;
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

    void send(AttachKind kind, std::string_view text = {}, const std::vector<int>& fds = {}) const {
        channel_.send(static_cast<uint32_t>(kind), text, fds);
    }
    void start() const { send(AttachKind::start); }
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
