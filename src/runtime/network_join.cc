// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/network_join.hh"

#include "base/error.hh"

namespace rpod::runtime {

std::string failure_text(const Error& e) {
    return e.hint().empty() ? e.what() : fmt::format("{}\n{}", e.what(), e.hint());
}

Error to_error(std::string_view text) {
    const auto end = text.find('\n');
    Error error("{}", text.substr(0, end));
    if (end == text.npos) return error;
    return std::move(error).with_hint(std::string(text.substr(end + 1)));
}

sys::Packet expect_join(const sys::Channel& channel, JoinKind wanted, const std::string& network) {
    auto packet = channel.receive();
    if (!packet) throw Error("network {}: its process has ended", network);
    if (packet->kind == static_cast<uint32_t>(JoinKind::failed))
        throw to_error(fmt::format("network {}: {}", network, packet->text));
    if (packet->kind != static_cast<uint32_t>(wanted))
        throw Error("network {}: message {} out of turn", network, packet->kind);
    return *std::move(packet);
}

void join_network(const NetworkJoin& join, int pod_network) {
    join.channel.send(static_cast<uint32_t>(JoinKind::join), {}, {pod_network});
    expect_join(join.channel, JoinKind::joined, join.network);
}

}  // namespace rpod::runtime
