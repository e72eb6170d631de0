// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/hook_caller.hh"

#include <optional>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "sys/process.hh"

namespace rpod::runtime {
namespace {

enum class Kind : uint32_t { begun = 1, create, started, done, failed };

void send(const sys::Channel& channel, Kind kind, std::string_view text = {},
          const std::vector<int>& fds = {}) {
    channel.send(static_cast<uint32_t>(kind), text, fds);
}

/// rpod:hooks at work.
class Host {
  public:
    Host(const HookHost& host, const sys::Channel& launcher) : host_(host), launcher_(launcher) {}

    int run() {
        while (auto packet = launcher_.receive()) take(*packet);
        if (container_) end();
        return 0;
    }

  private:
    void take(sys::Packet& packet) {
        switch (static_cast<Kind>(packet.kind)) {
            case Kind::begun:
                if (!packet.fds.empty()) container_ = std::move(packet.fds.front());
                return;
            case Kind::create:
                return answer(packet, "creating", {HookPoint::prestart, HookPoint::create_runtime});
            case Kind::started:
                return answer(packet, "running", {HookPoint::poststart});
            default:
                throw Error("the launching process said {} out of turn", packet.kind);
        }
    }

    void answer(const sys::Packet& packet, const char* status, std::initializer_list<HookPoint> points) {
        try {
            const auto state = state_now(status, parse_uint(packet.text, INT32_MAX));
            for (const auto point : points) run_hooks(host_.hooks, point, state, {host_.state.bundle, {}});
            send(launcher_, Kind::done);
        } catch (const Error& e) {
            send(launcher_, Kind::failed, std::string_view(e.what()).substr(0, sys::Packet::kMaxText));
        }
    }

    oci::State state_now(const char* status, std::optional<uint64_t> pid) const {
        auto state = host_.state;
        state.status = status;
        state.pid = pid ? std::optional(static_cast<pid_t>(*pid)) : std::nullopt;
        return state;
    }

    /// A monitor that was killed is gone a moment before the kernel has ended what lived with it.
    void end() const {
        sys::wait_for_end(container_->get());
        const auto state = state_now("stopped", std::nullopt);
        for (const auto& hook : host_.hooks.poststop) {
            try {
                run_hook(hook, HookPoint::poststop, state, {host_.state.bundle, {}});
            } catch (const Error& e) {
                log::warn("{}", e.what());
            }
        }
    }

    const HookHost& host_;
    const sys::Channel& launcher_;
    std::optional<sys::Fd> container_;
};

}  // namespace

void HookCaller::begun(int pidfd) const { send(channel_, Kind::begun, {}, {pidfd}); }
void HookCaller::create(pid_t pid) const { send(channel_, Kind::create, std::to_string(pid)); }
void HookCaller::started(pid_t pid) const { send(channel_, Kind::started, std::to_string(pid)); }

void HookCaller::wait() const {
    const auto packet = channel_.receive();
    if (!packet) throw Error("run hooks: rpod:hooks has died");
    if (static_cast<Kind>(packet->kind) == Kind::failed) throw Error(packet->text);
    if (static_cast<Kind>(packet->kind) != Kind::done)
        throw Error("run hooks: rpod:hooks said {} out of turn", packet->kind);
}

bool has_caller_hooks(const oci::Hooks& hooks) noexcept {
    return !hooks.prestart.empty() || !hooks.create_runtime.empty() || !hooks.poststart.empty() ||
           !hooks.poststop.empty();
}

int serve_hooks(const HookHost& host, const sys::Channel& launcher) { return Host(host, launcher).run(); }

}  // namespace rpod::runtime
