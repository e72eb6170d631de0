// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "net/resolv_conf.hh"
#include "sys/channel.hh"

namespace rpod::net {

/// The hand-off between the monitor and rpod:net, one class for each side. EOF tells either that the other is
/// gone.
///
///     rpod:net                       monitor
///     ready | failed(text)  →        wait_ready
///     ask_resolvers         →        hear, any time later, any number of times
///                           ←        set_resolvers(resolv.conf), where it has changed
///                           ←        set_names(NameTable's text), any time later, any number of times
///
/// The monitor's side.
class MonitorEnd {
  public:
    explicit MonitorEnd(sys::Channel channel) : channel_(std::move(channel)) {}
    /// Waits until rpod:net serves. Frames wait in the tap until then: a pod may start earlier.
    /// @return false where it died without a word. @throws Error with its reason why it does not
    [[nodiscard]] bool wait_ready() const;
    enum class Heard {
        nothing,        ///< one that took another's place says that it serves
        ask_resolvers,  ///< what they are now is for set_resolvers, where it is news
        end,            ///< it is gone, or makes no sense and is to end
    };
    /// When fd() is readable. It may be in an attacker's hands: nothing that it says is an error here.
    [[nodiscard]] Heard hear() const;
    /// Never waits. @return false where it has not read enough of what it was sent yet
    bool set_resolvers(const ResolvConf& conf) const;
    /// The names that are answered have changed. Never waits; the return value is that of set_resolvers().
    [[nodiscard]] bool set_names(std::string_view text) const;
    /// For the monitor's loop.
    int fd() const { return channel_.fd(); }

  private:
    sys::Channel channel_;
};

/// What the monitor has sent: one of them.
struct Update {
    std::optional<ResolvConf> resolvers;
    std::optional<std::string> names;
};

/// rpod:net's side.
class ServeEnd {
  public:
    explicit ServeEnd(sys::Channel channel) : channel_(std::move(channel)) {}
    void ready() const;
    void failed(std::string_view why) const noexcept;
    /// The host may be on another network by now: where its /etc/resolv.conf has changed, set_resolvers
    /// comes.
    void ask_resolvers() const noexcept;
    /// The monitor's next message, when fd() is readable; nothing when the monitor is gone.
    std::optional<Update> receive() const;
    int fd() const { return channel_.fd(); }

  private:
    sys::Channel channel_;
};

}  // namespace rpod::net
