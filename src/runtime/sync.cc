// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/sync.hh"

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::runtime {

const char* name(Stage stage) {
    switch (stage) {
        case Stage::id_map_written:
            return "id_map_written";
        case Stage::tap_created:
            return "tap_created";
        case Stage::fuse_mounted:
            return "fuse_mounted";
        case Stage::overlay_mounted:
            return "overlay_mounted";
        case Stage::console:
            return "console";
        case Stage::mounted:
            return "mounted";
        case Stage::hooks_ran:
            return "hooks_ran";
        case Stage::ready:
            return "ready";
        case Stage::go:
            return "go";
        case Stage::failed:
            return "failed";
    }
    return "?";
}

LaunchSync::Event LaunchSync::wait() const {
    auto packet = channel_.receive();
    if (!packet) throw Error("{} died before it was ready", peer_);
    const auto stage = static_cast<Stage>(packet->kind);
    if (stage == Stage::failed) raise(packet->text);
    return {.stage = stage, .fds = std::move(packet->fds)};
}

void LaunchSync::wait_end() const {
    const auto packet = channel_.receive();
    if (!packet) return;
    if (static_cast<Stage>(packet->kind) == Stage::failed) raise(packet->text);
    throw Error("{} said '{}' out of turn", peer_, name(static_cast<Stage>(packet->kind)));
}

/// "CODE\nMESSAGE\nHINT"
void LaunchSync::raise(const std::string& text) const {
    const auto fields = split(text, '\n', 3);
    if (fields.size() != 3) throw Error("{} failed without a word", peer_);
    const auto code = parse_uint(fields[0], 255).value_or(kExitFailed);
    throw Error(std::string(fields[1]))
        .with_exit_code(static_cast<int>(code))
        .with_hint(std::string(fields[2]));
}

void InitSync::expect(Stage stage) const {
    const auto packet = channel_.receive();
    if (!packet) throw Error("the launching process died before '{}'", name(stage));
    if (static_cast<Stage>(packet->kind) != stage) {
        throw Error("the launching process said '{}' instead of '{}'", name(static_cast<Stage>(packet->kind)),
                    name(stage));
    }
}

void InitSync::failed(const std::exception& e) const noexcept {
    try {
        const auto* error = dynamic_cast<const Error*>(&e);
        auto text = fmt::format("{}\n{}\n{}", error ? error->exit_code() : kExitFailed, e.what(),
                                error ? error->hint() : std::string());
        if (text.size() > sys::Packet::kMaxText) text.resize(sys::Packet::kMaxText);
        channel_.send(static_cast<uint32_t>(Stage::failed), text);
    } catch (const std::exception&) {
        // The peer is gone, and nobody is left to be told.
    }
}

std::pair<LaunchSync, InitSync> make_sync_pair(const char* peer) {
    auto [a, b] = sys::Channel::make_pair();
    return {LaunchSync(std::move(a), peer), InitSync(std::move(b))};
}

}  // namespace rpod::runtime
