// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/unix_socket.hh"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.hh"

namespace rpod::sys {
namespace {

sockaddr_un address_at(int dir, const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto path = fmt::format("/proc/self/fd/{}/{}", dir, name);
    if (path.size() >= sizeof address.sun_path) throw Error("the name of socket '{}' is too long", name);
    std::memcpy(address.sun_path, path.c_str(), path.size());
    return address;
}

Fd make_socket(int flags) {
    return Fd(check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0), "create a socket"));
}

}  // namespace

Fd listen_at(int dir, const std::string& name) {
    if (::unlinkat(dir, name.c_str(), 0) < 0 && errno != ENOENT)
        throw SysError(errno, "remove socket '{}'", name);
    auto socket = make_socket(SOCK_NONBLOCK);
    const auto address = address_at(dir, name);
    // The mode comes from the umask: there is no moment in which others could connect.
    const mode_t before = ::umask(0177);
    const int rc = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (rc < 0) throw SysError(error, "bind socket '{}'", name);
    check(::listen(socket.get(), 64), "listen on socket '{}'", name);
    return socket;
}

std::optional<Channel> accept_own(int listener) {
    for (;;) {
        Fd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        // All failures are those of one client, or pass.
        if (client.get() < 0) return std::nullopt;
        ucred peer{};
        socklen_t size = sizeof peer;
        if (::getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid())
            return Channel(std::move(client));
    }
}

std::optional<Channel> connect_at(int dir, const std::string& name) {
    auto socket = make_socket(0);
    const auto address = address_at(dir, name);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
        throw SysError(errno, "connect with socket '{}'", name);
    }
    return Channel(std::move(socket));
}

}  // namespace rpod::sys
