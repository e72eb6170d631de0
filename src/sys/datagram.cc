// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/datagram.hh"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::sys {
namespace {

struct Address {
    sockaddr_un name{};
    socklen_t size = 0;
};

Address make_address(const std::string& text) {
    const bool abstract = text.starts_with('@');
    Address address;
    address.name.sun_family = AF_UNIX;
    if ((!abstract && !text.starts_with('/')) || text.size() < 2)
        throw Error("'{}' is not the address of a socket", printable(text));
    if (text.size() >= sizeof address.name.sun_path)
        throw Error("the socket's name '{}' is too long", printable(text));
    std::memcpy(address.name.sun_path, text.c_str(), text.size());
    if (abstract) address.name.sun_path[0] = '\0';
    // A path ends with its zero byte, an abstract name with its length.
    address.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size() + (abstract ? 0 : 1));
    return address;
}

Fd make_socket() {
    return Fd(check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "create a socket"));
}

}  // namespace

Fd receive_datagrams_at(int dir, const std::string& name) {
    if (::unlinkat(dir, name.c_str(), 0) < 0 && errno != ENOENT)
        throw SysError(errno, "remove socket '{}'", name);
    auto socket = make_socket();
    const auto address = make_address(fmt::format("/proc/self/fd/{}/{}", dir, name));
    const mode_t before = ::umask(0111);
    const int rc = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address.name), address.size);
    const int error = errno;
    ::umask(before);
    if (rc < 0) throw SysError(error, "bind socket '{}'", name);
    return socket;
}

std::optional<std::string> next_datagram(int socket, size_t max_bytes) {
    std::string message(max_bytes, '\0');
    ssize_t n = 0;
    while ((n = ::recv(socket, message.data(), message.size(), MSG_DONTWAIT)) < 0 && errno == EINTR) {
    }
    if (n < 0) return std::nullopt;
    message.resize(static_cast<size_t>(n));
    return message;
}

void send_datagram(const std::string& address, std::string_view message) {
    const auto target = make_address(address);
    const auto socket = make_socket();
    check(::sendto(socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                   reinterpret_cast<const sockaddr*>(&target.name), target.size),
          "send to '{}'", printable(address));
}

}  // namespace rpod::sys
