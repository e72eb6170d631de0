// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <termios.h>

#include <cstdint>
#include <optional>

#include "sys/fd.hh"

namespace rpod::sys {

struct WindowSize {
    uint16_t rows = 0;
    uint16_t columns = 0;
};

bool is_terminal(int fd) noexcept;
/// Nothing where fd is no terminal.
std::optional<WindowSize> window_size(int fd) noexcept;
void set_window_size(int fd, WindowSize size) noexcept;

/// Puts a terminal into raw mode and gives it its old mode back at the end of the scope.
class RawMode {
  public:
    /// @throws SysError where fd is no terminal
    explicit RawMode(int fd);
    RawMode(const RawMode&) = delete;
    RawMode& operator=(const RawMode&) = delete;
    ~RawMode() { restore(); }
    void restore() noexcept;

  private:
    int fd_;
    termios before_{};
    bool raw_ = false;
};

/// Both ends of a pseudo terminal of the devpts instance whose ptmx is behind `ptmx`. The slave is opened
/// from the master (TIOCGPTPEER), never by its path, which a container can shape (CVE-2025-52565).
struct Pty {
    Fd master;
    Fd slave;
};
Pty open_pty(Fd ptmx);

}  // namespace rpod::sys
