// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/channel.hh"

#include <sys/socket.h>

#include <cstring>

#include "base/error.hh"

namespace rpod::sys {

std::pair<Channel, Channel> Channel::make_pair() {
    int ends[2];
    check(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "create a socket pair");
    return {Channel(Fd(ends[0])), Channel(Fd(ends[1]))};
}

ssize_t Channel::transmit(uint32_t kind, std::string_view text, const std::vector<int>& fds,
                          int flags) const {
    if (text.size() > Packet::kMaxText || fds.size() > Packet::kMaxFds) {
        throw Error("send a message: {} bytes and {} descriptors are too many", text.size(), fds.size());
    }
    iovec parts[2] = {{&kind, sizeof kind}, {const_cast<char*>(text.data()), text.size()}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    alignas(cmsghdr) char control[CMSG_SPACE(Packet::kMaxFds * sizeof(int))];
    if (!fds.empty()) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(fds.size() * sizeof(int));
        cmsghdr* header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
        std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
    }
    ssize_t n;
    do {
        n = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL | flags);
    } while (n < 0 && errno == EINTR);
    return n;
}

void Channel::send(uint32_t kind, std::string_view text, const std::vector<int>& fds) const {
    check(transmit(kind, text, fds, 0), "send a message");
}

bool Channel::try_send(uint32_t kind, std::string_view text) const {
    const ssize_t n = transmit(kind, text, {}, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) return false;
    check(n, "send a message");
    return true;
}

std::optional<Packet> Channel::receive() const {
    Packet packet;
    packet.text.resize(Packet::kMaxText);
    iovec parts[2] = {{&packet.kind, sizeof packet.kind}, {packet.text.data(), packet.text.size()}};
    alignas(cmsghdr) char control[CMSG_SPACE(Packet::kMaxFds * sizeof(int))];
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n;
    do {
        n = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
        // Told once, of a peer that ended without having read all: what it sent before is behind that.
    } while (n < 0 && (errno == EINTR || errno == ECONNRESET));
    check(n, "receive a message");
    for (cmsghdr* h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS) continue;
        const size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; ++i) {
            int fd;
            std::memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
            packet.fds.emplace_back(fd);
        }
    }
    if (n == 0) return std::nullopt;
    if (static_cast<size_t>(n) < sizeof packet.kind || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
        throw Error("receive a message: it is cut short");
    }
    packet.text.resize(static_cast<size_t>(n) - sizeof packet.kind);
    return packet;
}

}  // namespace rpod::sys
