// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "oci/runtime_spec.hh"
#include "runtime/hooks.hh"
#include "sys/channel.hh"

/// Hooks that belong to the runtime's own namespaces (prestart, createRuntime, poststart, poststop) run where
/// the caller is, as the caller, not where the monitor is: `rpod:hooks` is forked by the command before
/// anything of the container exists, and does what the launching process asks for.
///
///     launch                                     rpod:hooks
///       ── begun {pidfd of the container} ─────▶
///       ── create "PID" ───────────────────────▶ prestart, createRuntime
///       ◀───────────────── done, or failed {why}
///       ── started "PID" ──────────────────────▶ poststart
///       ◀───────────────── done, or failed {why}
///       EOF: the container's end, however it came ▶ poststop, where it had begun
namespace rpod::runtime {

/// The launching side's end.
class HookCaller {
  public:
    explicit HookCaller(sys::Channel channel) : channel_(std::move(channel)) {}
    int fd() const { return channel_.fd(); }
    /// From here on there is something to clean up after. @param pidfd  of the container's first process
    void begun(int pidfd) const;
    /// Asks for the hooks of a moment; fd() is readable when they have run. @param pid  as /proc counts it
    void create(pid_t pid) const;
    void started(pid_t pid) const;
    /// The answer. @throws Error that a hook failed with
    void wait() const;

  private:
    sys::Channel channel_;
};

struct HookHost {
    const oci::Hooks& hooks;
    oci::State state;  ///< id, bundle, annotations
};

/// Whether any hook needs rpod:hooks.
bool has_caller_hooks(const oci::Hooks& hooks) noexcept;

/// The body of rpod:hooks: returns when the container has ended and its poststop hooks have run, of which
/// none can fail but with a warning.
int serve_hooks(const HookHost& host, const sys::Channel& launcher);

}  // namespace rpod::runtime
