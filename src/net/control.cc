// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/control.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"

namespace rpod::net {
namespace {

enum class Kind : uint32_t { ready = 1, failed = 2, set_resolvers = 3, ask_resolvers = 4, set_names = 5 };

constexpr uint32_t number(Kind kind) { return static_cast<uint32_t>(kind); }

}  // namespace

bool MonitorEnd::wait_ready() const {
    const auto packet = channel_.receive();
    if (!packet) return false;
    if (packet->kind == number(Kind::failed)) throw Error("network: {}", packet->text);
    if (packet->kind != number(Kind::ready))
        throw Error("network: message {} instead of 'ready'", packet->kind);
    return true;
}

MonitorEnd::Heard MonitorEnd::hear() const {
    try {
        const auto packet = channel_.receive();
        if (!packet) return Heard::end;
        if (packet->kind == number(Kind::ready)) return Heard::nothing;
        if (packet->kind == number(Kind::ask_resolvers)) return Heard::ask_resolvers;
        const bool explains = packet->kind == number(Kind::failed);
        log::warn("rpod:net: {}", explains ? printable(packet->text) : "it sent what makes no sense");
    } catch (const Error& e) {
        log::warn("rpod:net: {}", e.what());
    }
    return Heard::end;
}

bool MonitorEnd::set_resolvers(const ResolvConf& conf) const {
    return channel_.try_send(number(Kind::set_resolvers), to_text(conf));
}

bool MonitorEnd::set_names(std::string_view text) const {
    return channel_.try_send(number(Kind::set_names), text);
}

void ServeEnd::ready() const { channel_.send(number(Kind::ready)); }

void ServeEnd::failed(std::string_view why) const noexcept {
    try {
        channel_.send(number(Kind::failed), why);
    } catch (const std::exception& e) {
        log::debug("{}: {}", why, e.what());
    }
}

void ServeEnd::ask_resolvers() const noexcept {
    try {
        channel_.send(number(Kind::ask_resolvers));
    } catch (const std::exception& e) {
        log::debug("network: ask for the resolvers: {}", e.what());
    }
}

std::optional<Update> ServeEnd::receive() const {
    const auto packet = channel_.receive();
    if (!packet) return std::nullopt;
    if (packet->kind == number(Kind::set_names)) return Update{.resolvers = {}, .names = packet->text};
    if (packet->kind != number(Kind::set_resolvers)) {
        throw Error("network: message {} instead of 'set_resolvers'", packet->kind);
    }
    return Update{.resolvers = parse_resolv_conf(packet->text), .names = {}};
}

}  // namespace rpod::net
