// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rpod {

/// A point in time: seconds since 1970 UTC, which may be negative, and nanoseconds below 10⁹.
struct Timestamp {
    int64_t seconds = 0;
    uint32_t nanoseconds = 0;
    friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

Timestamp now();

/// "2024-01-02T03:04:05.678+01:00" (RFC 3339), years 1 to 9999; nothing where it is something else.
std::optional<Timestamp> parse_rfc3339(std::string_view text);
/// "2024-01-02T03:04:05.678Z": the fraction without trailing zeros, none where it is zero.
std::string format_rfc3339(const Timestamp& time);
/// "2024-01-02 03:04:05.678 +0000 UTC", as Go prints a time; podman's templates show it.
std::string format_go_time(const Timestamp& time);

/// "5 minutes", "About an hour", "3 weeks": docker's words for a length of time.
std::string human_duration(int64_t seconds);

/// A size with a decimal unit and so many significant digits: "1.99MB" (docker's go-units).
std::string human_size(uint64_t bytes, int digits = 4);

}  // namespace rpod
