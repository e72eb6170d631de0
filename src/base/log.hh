// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

/// Logging is for what the user did not ask to see: debug and warnings, on standard error. Results go to
/// standard output, failures are exceptions that main prints once.
namespace rpod::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

/// Sets up the logger on standard error; called once, before anything logs. Level is one of podman's: trace,
/// debug, info, warn(ing), error, fatal, panic.
/// @throws Error for another word.
void init(std::string_view level);

/// From here on the logger writes to fd (borrowed for the life of the process), with `role` in each line: for
/// forked children, whose standard error is the container's or nobody's.
void redirect(int fd, std::string_view role);

}  // namespace rpod::log
