// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod {

/// "a:b:c" → {"a","b","c"}; an empty text gives one empty part; with max_parts the last part keeps the rest.
std::vector<std::string_view> split(std::string_view text, char separator, size_t max_parts = SIZE_MAX);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);

/// The whole text as a decimal number without sign or blanks, or nothing.
std::optional<uint64_t> parse_uint(std::string_view text, uint64_t max = UINT64_MAX);
/// The whole text as a decimal number with an optional minus, or nothing.
std::optional<int64_t> parse_int(std::string_view text);
/// "64m", "1.5g", "512", "64mb", "64MiB" → bytes, powers of 1024 (docker's go-units RAMInBytes), or nothing.
std::optional<uint64_t> parse_size(std::string_view text);
/// "1h2m3.5s" → nanoseconds (Go's time.ParseDuration), or nothing. A bare number is refused except "0".
std::optional<int64_t> parse_duration_ns(std::string_view text);

std::string to_lower(std::string_view text);
std::string to_hex(const uint8_t* data, size_t size);
/// The text with control characters and invalid UTF-8 as \xNN: for names from images in messages.
std::string printable(std::string_view text);

}  // namespace rpod
