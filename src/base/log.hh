// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <spdlog/fmt/fmt.h>

#include <string_view>
#include <utility>

/// Logging is for what the user did not ask to see: debug and warnings, on standard error. Results go to
/// standard output, failures are exceptions that main prints once.
namespace rpod::log {

enum class Level { trace, debug, info, warn, error, fatal };

bool enabled(Level level) noexcept;
void write(Level level, std::string_view text);

/// log::debug("mount '{}'", path): formatted only where somebody will see it.
template <class... A>
void debug(fmt::format_string<A...> f, A&&... a) {
    if (enabled(Level::debug)) write(Level::debug, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void info(fmt::format_string<A...> f, A&&... a) {
    if (enabled(Level::info)) write(Level::info, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void warn(fmt::format_string<A...> f, A&&... a) {
    if (enabled(Level::warn)) write(Level::warn, fmt::format(f, std::forward<A>(a)...));
}
template <class... A>
void error(fmt::format_string<A...> f, A&&... a) {
    if (enabled(Level::error)) write(Level::error, fmt::format(f, std::forward<A>(a)...));
}

/// Sets up the logger on standard error; called once, before anything logs. Level is one of podman's: trace,
/// debug, info, warn(ing), error, fatal, panic.
/// @throws Error for another word.
void init(std::string_view level);

/// From here on the logger writes to fd (borrowed for the life of the process), with `role` in each line: for
/// forked children, whose standard error is the container's or nobody's.
void redirect(int fd, std::string_view role);

}  // namespace rpod::log
