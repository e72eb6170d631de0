// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "container/config.hh"

namespace rpod::container {

/// --log-driver and --log-opt, checked; what rpod does not do is refused by name.
/// @param driver  empty: k8s-file
/// @param options  "max-size=10m"
/// @throws Error
LogConfig parse_log(const std::string& driver, const std::vector<std::string>& options);

/// The size in bytes at which a log file is rotated; 0: never. @throws Error
uint64_t log_max_size(const LogConfig& log);

}  // namespace rpod::container
