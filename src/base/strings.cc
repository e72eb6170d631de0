// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/strings.hh"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <charconv>
#include <cmath>

namespace rpod {

std::vector<std::string_view> split(std::string_view text, char separator, size_t max_parts) {
    std::vector<std::string_view> parts;
    while (parts.size() + 1 < max_parts) {
        const size_t at = text.find(separator);
        if (at == std::string_view::npos) break;
        parts.push_back(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    parts.push_back(text);
    return parts;
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (const auto& part : parts) {
        if (&part != &parts.front()) out += separator;
        out += part;
    }
    return out;
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\v\f";
    const size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::optional<uint64_t> parse_uint(std::string_view text, uint64_t max) {
    uint64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data(), end, value);
    if (text.empty() || ec != std::errc{} || stop != end || value > max) return std::nullopt;
    return value;
}

std::optional<int64_t> parse_int(std::string_view text) {
    int64_t value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, ec] = std::from_chars(text.data(), end, value);
    if (text.empty() || ec != std::errc{} || stop != end) return std::nullopt;
    return value;
}

namespace {

/// A decimal number with an optional fraction at the front of text, which is advanced past it.
std::optional<double> take_number(std::string_view& text) {
    size_t n = 0;
    size_t digits = 0;
    bool dot = false;
    for (; n < text.size(); ++n) {
        if (text[n] == '.' && !dot) {
            dot = true;
        } else if (text[n] >= '0' && text[n] <= '9') {
            ++digits;
        } else {
            break;
        }
    }
    if (digits == 0 || n > 32) return std::nullopt;
    double value = 0;
    const auto [stop, ec] = std::from_chars(text.data(), text.data() + n, value);
    if (ec != std::errc{} || stop != text.data() + n) return std::nullopt;
    text.remove_prefix(n);
    return value;
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    std::string unit = to_lower(trim(text));
    if (unit.ends_with("ib")) {
        unit.resize(unit.size() - 2);
        if (unit.empty()) return std::nullopt;
    } else if (unit.ends_with('b')) {
        unit.pop_back();
    }
    constexpr std::string_view powers = "kmgtp";
    int exponent = 0;
    if (!unit.empty()) {
        const size_t at = powers.find(unit);
        if (unit.size() != 1 || at == std::string_view::npos) return std::nullopt;
        exponent = static_cast<int>(at) + 1;
    }
    const double bytes = std::ldexp(*number, 10 * exponent);
    if (bytes >= 9.2e18) return std::nullopt;
    return static_cast<uint64_t>(bytes);
}

std::optional<int64_t> parse_duration_ns(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    if (text == "0") return 0;
    if (text.empty()) return std::nullopt;
    struct Unit {
        std::string_view name;
        double ns;
    };
    // Longest name first, so that "m" does not take the front of "ms".
    static constexpr std::array<Unit, 8> units{{{"ns", 1},
                                                {"us", 1e3},
                                                {"µs", 1e3},
                                                {"μs", 1e3},
                                                {"ms", 1e6},
                                                {"s", 1e9},
                                                {"m", 60e9},
                                                {"h", 3600e9}}};
    double total = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        if (!number) return std::nullopt;
        const Unit* unit = nullptr;
        for (const auto& u : units) {
            if (text.starts_with(u.name)) {
                unit = &u;
                break;
            }
        }
        if (!unit) return std::nullopt;
        text.remove_prefix(unit->name.size());
        total += *number * unit->ns;
    }
    if (total >= 9.2e18) return std::nullopt;
    return static_cast<int64_t>(negative ? -total : total);
}

std::string to_lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string to_hex(const uint8_t* data, size_t size) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(size * 2);
    for (size_t i = 0; i < size; ++i) {
        out += digits[data[i] >> 4];
        out += digits[data[i] & 15];
    }
    return out;
}

namespace {

/// Length of the valid, printable UTF-8 sequence at the front of text, 0 where there is none.
size_t utf8_length(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
    const uint8_t first = byte(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    const size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (length == 0 || first >= 0xf5 || text.size() < length) return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    // U+0080..U+009F are control characters, too; overlong forms and surrogates are not text.
    if (first == 0xc2 && byte(1) < 0xa0) return 0;
    if ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0)) return 0;
    if ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90)) return 0;
    return length;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const size_t n = utf8_length(text);
        if (n > 0) {
            out += text.substr(0, n);
        } else {
            out += fmt::format("\\x{:02x}", static_cast<uint8_t>(text[0]));
        }
        text.remove_prefix(n > 0 ? n : 1);
    }
    return out;
}

}  // namespace rpod
