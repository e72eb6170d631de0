// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>

namespace rpod::cli {

/// As Go prints a time.Duration: "1h2m3.5s", "1.5ms", "0s".
std::string go_duration(uint64_t ns);

}  // namespace rpod::cli
