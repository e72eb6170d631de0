// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/terminal.hh"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "base/error.hh"

namespace rpod::sys {

bool is_terminal(int fd) noexcept { return ::isatty(fd) == 1; }

std::optional<WindowSize> window_size(int fd) noexcept {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) < 0) return std::nullopt;
    return WindowSize{.rows = size.ws_row, .columns = size.ws_col};
}

void set_window_size(int fd, WindowSize size) noexcept {
    const winsize ws{.ws_row = size.rows, .ws_col = size.columns, .ws_xpixel = 0, .ws_ypixel = 0};
    ::ioctl(fd, TIOCSWINSZ, &ws);
}

RawMode::RawMode(int fd) : fd_(fd) {
    check(::tcgetattr(fd_, &before_), "read the terminal's mode");
    termios raw = before_;
    ::cfmakeraw(&raw);
    check(::tcsetattr(fd_, TCSANOW, &raw), "set the terminal to raw mode");
    raw_ = true;
}

void RawMode::restore() noexcept {
    if (!raw_) return;
    ::tcsetattr(fd_, TCSANOW, &before_);
    raw_ = false;
}

Pty open_pty(Fd ptmx) {
    Pty pty{.master = std::move(ptmx), .slave = {}};
    int unlock = 0;
    check(::ioctl(pty.master.get(), TIOCSPTLCK, &unlock), "unlock a pseudo terminal");
    pty.slave = Fd(check(::ioctl(pty.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC),
                         "open a pseudo terminal"));
    return pty;
}

}  // namespace rpod::sys
