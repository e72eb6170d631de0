// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "sys/channel.hh"

/// What the two sides of a launch say to each other. One class for each side, so that what a side may not
/// send does not compile.
///
///     launch (the monitor)                       init (the container's first process)
///       clone3 into all new namespaces ────────▶
///       writes uid_map, gid_map
///       ── id_map_written ─────────────────────▶ becomes root of P
///       ◀──────────────── tap_created {tap} ────  (with a network of its own; rpod:net starts)
///       ◀─────────── fuse_mounted {fuse…} ──────  (with an image; rpod:overlay starts)
///                                                mounts overlayfs and the rest, pivots
///       ◀─── overlay_mounted {fuse, user
///                     namespace, upper, work} ──  (in place of both, with rpod's own overlay)
///       ◀──────────────── console {master} ─────  (with a terminal)
///       ◀────────────────────── mounted ────────  (with hooks of the creation; pivots after them)
///       runs hooks where the caller is
///       ── hooks_ran ──────────────────────────▶ runs createContainer hooks
///       ◀──────────────────────── ready ────────  the container is created
///       ── go ─────────────────────────────────▶ drops privileges, executes
///       ◀── EOF of the exec pipe: it runs; an errno on it: it could not be executed
///
/// At any point instead: failed {exit code, message, hint}. EOF on the socket means that the peer is dead.
namespace rpod::runtime {

enum class Stage : uint32_t {
    id_map_written = 1,
    tap_created,
    fuse_mounted,
    overlay_mounted,
    console,
    mounted,
    hooks_ran,
    ready,
    go,
    failed
};
const char* name(Stage stage);

/// Held by who launches.
class LaunchSync {
  public:
    /// @param peer  names the other side in errors
    LaunchSync(sys::Channel channel, const char* peer) : channel_(std::move(channel)), peer_(peer) {}
    void id_map_written() const { send(Stage::id_map_written); }
    void hooks_ran() const { send(Stage::hooks_ran); }
    void go() const { send(Stage::go); }
    struct Event {
        Stage stage;
        std::vector<sys::Fd> fds;
    };
    /// The next message of init. @throws Error that init failed with; Error at EOF
    Event wait() const;
    /// For poll(2): readable when wait or wait_end have something.
    int fd() const { return channel_.fd(); }
    /// After go: returns when init has executed the payload, or died. @throws Error that init failed with
    void wait_end() const;

  private:
    [[noreturn]] void raise(const std::string& text) const;
    void send(Stage stage) const { channel_.send(static_cast<uint32_t>(stage)); }
    sys::Channel channel_;
    const char* peer_;
};

/// Held by the container's first process until it executes the payload.
class InitSync {
  public:
    explicit InitSync(sys::Channel channel) : channel_(std::move(channel)) {}
    void wait_id_map_written() const { expect(Stage::id_map_written); }
    void tap_created(int tap) const { send(Stage::tap_created, {tap}); }
    void fuse_mounted(const std::vector<int>& connections) const { send(Stage::fuse_mounted, connections); }
    void overlay_mounted(const std::vector<int>& fds) const { send(Stage::overlay_mounted, fds); }
    void console(int master) const { send(Stage::console, {master}); }
    void mounted() const { send(Stage::mounted, {}); }
    void wait_hooks_ran() const { expect(Stage::hooks_ran); }
    void ready() const { send(Stage::ready, {}); }
    void wait_go() const { expect(Stage::go); }
    void failed(const std::exception& e) const noexcept;
    int fd() const { return channel_.fd(); }

  private:
    void send(Stage stage, const std::vector<int>& fds) const {
        channel_.send(static_cast<uint32_t>(stage), {}, fds);
    }
    void expect(Stage stage) const;
    sys::Channel channel_;
};

std::pair<LaunchSync, InitSync> make_sync_pair(const char* peer = "the container's first process");

}  // namespace rpod::runtime
