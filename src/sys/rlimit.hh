// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::sys {

/// getrlimit(2). "RLIMIT_NOFILE" → 7; letters of either case, "RLIMIT_" may be left out ("nofile", as
/// --ulimit has it).
std::optional<int> find_rlimit(std::string_view name);
/// 7 → "RLIMIT_NOFILE".
std::string rlimit_name(int resource);
/// Every name, for help and errors: "RLIMIT_AS", …
std::vector<std::string> rlimit_names();

constexpr uint64_t kUnlimited = UINT64_MAX;

struct LimitPair {
    uint64_t soft = 0;
    uint64_t hard = 0;
    friend bool operator==(const LimitPair&, const LimitPair&) = default;
};

/// Of the calling process.
LimitPair current_rlimit(int resource);
/// @throws Error, with a hint where the hard limit is above the caller's own
void set_rlimit(int resource, LimitPair limit);
/// Lets the calling process open as many files as its hard limit allows.
void raise_open_files();

}  // namespace rpod::sys
