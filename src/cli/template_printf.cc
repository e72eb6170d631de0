// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/template_printf.hh"

#include <algorithm>
#include <cstdio>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::cli {
namespace {

constexpr int kMaxWidth = 4096;

struct Verb {
    bool left = false;
    bool plus = false;
    bool space = false;
    bool zero = false;
    bool sharp = false;
    int width = 0;
    int precision = -1;
    char verb = 'v';
};

size_t rune_count(std::string_view text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string padded(const Verb& v, std::string text, bool numeric) {
    const size_t size = rune_count(text);
    const auto width = static_cast<size_t>(v.width);
    if (size >= width) return text;
    if (v.left) return text + std::string(width - size, ' ');
    if (!v.zero || !numeric) return std::string(width - size, ' ') + text;
    const size_t sign = !text.empty() && (text[0] == '-' || text[0] == '+' || text[0] == ' ') ? 1 : 0;
    return text.substr(0, sign) + std::string(width - size, '0') + text.substr(sign);
}

/// The first n characters of UTF-8 text.
std::string first_runes(const std::string& text, size_t n) {
    size_t i = 0;
    for (; i < text.size(); ++i) {
        if ((text[i] & 0xc0) != 0x80 && n-- == 0) break;
    }
    return text.substr(0, i);
}

std::string quoted(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\t':
                out += "\\t";
                break;
            case '\r':
                out += "\\r";
                break;
            default:
                out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f
                           ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c))
                           : std::string(1, c);
        }
    }
    return out + "\"";
}

std::string in_base(uint64_t value, unsigned base, bool upper) {
    std::string out;
    do {
        const auto digit = static_cast<char>(value % base);
        out += static_cast<char>(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
        value /= base;
    } while (value > 0);
    std::reverse(out.begin(), out.end());
    return out;
}

std::string bad_verb(const Verb& v, const Data& arg) {
    return fmt::format("%!{}({}={})", v.verb, arg.type_name(), arg.print());
}

std::string format_integer(const Verb& v, int64_t value) {
    const uint64_t magnitude = value < 0 ? ~static_cast<uint64_t>(value) + 1 : static_cast<uint64_t>(value);
    const std::string sign = value < 0 ? "-" : v.plus ? "+" : v.space ? " " : "";
    std::string digits;
    switch (v.verb) {
        case 'x':
            digits = (v.sharp ? "0x" : "") + in_base(magnitude, 16, false);
            break;
        case 'X':
            digits = (v.sharp ? "0X" : "") + in_base(magnitude, 16, true);
            break;
        case 'o':
            digits = (v.sharp ? "0" : "") + in_base(magnitude, 8, false);
            break;
        case 'b':
            digits = in_base(magnitude, 2, false);
            break;
        case 'c':
            return padded(
                v, value > 0 && value < 128 ? std::string(1, static_cast<char>(value)) : "\xef\xbf\xbd",
                false);
        default:
            digits = in_base(magnitude, 10, false);
    }
    const auto precision = static_cast<size_t>(std::max(v.precision, 0));
    if (digits.size() < precision) digits.insert(0, precision - digits.size(), '0');
    return padded(v, sign + digits, v.precision < 0);
}

std::string format_real(const Verb& v, double value) {
    const char verb = v.verb == 'v' ? 'g' : v.verb;
    std::string text;
    if (v.precision < 0 && verb == 'g') {
        text = fmt::format("{}", value);
    } else {
        char buffer[512];
        const char format[] = {'%', '.', '*', verb, '\0'};
        std::snprintf(buffer, sizeof buffer, format, v.precision < 0 ? 6 : std::min(v.precision, 100), value);
        text = buffer;
    }
    if (v.plus && value >= 0) text.insert(0, "+");
    return padded(v, std::move(text), true);
}

std::string format_text(const Verb& v, std::string text) {
    if (v.precision >= 0) text = first_runes(text, static_cast<size_t>(v.precision));
    if (v.verb == 'q') text = quoted(text);
    if (v.verb == 'x') text = to_hex(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    return padded(v, std::move(text), false);
}

std::string format_one(const Verb& v, const Data& arg) {
    const std::string_view verbs = arg.integer()   ? "vdxXobc"
                                   : arg.real()    ? "vfFeEgG"
                                   : arg.boolean() ? "vt"
                                   : arg.text()    ? "vsqx"
                                                   : "vs";
    if (v.verb == 'T') return padded(v, arg.type_name(), false);
    if (verbs.find(v.verb) == std::string_view::npos) {
        if (const auto* list = arg.list()) {
            // A verb for the elements: [%q …].
            std::string out;
            for (const auto& item : *list) out += (out.empty() ? "" : " ") + format_one(v, item);
            return "[" + out + "]";
        }
        return bad_verb(v, arg);
    }
    if (const auto* i = arg.integer()) return format_integer(v, *i);
    if (const auto* r = arg.real()) return format_real(v, *r);
    return format_text(v, arg.print());
}

/// Reads a verb from behind the '%'; false where the format ends in it. '*' takes an argument.
bool parse_verb(std::string_view format, size_t& at, Verb& v, const DataList& args, size_t& next) {
    for (; at < format.size(); ++at) {
        if (format[at] == '-')
            v.left = true;
        else if (format[at] == '+')
            v.plus = true;
        else if (format[at] == ' ')
            v.space = true;
        else if (format[at] == '0')
            v.zero = true;
        else if (format[at] == '#')
            v.sharp = true;
        else
            break;
    }
    const auto number = [&] {
        if (at < format.size() && format[at] == '*') {
            ++at;
            const auto* value = next < args.size() ? args[next++].integer() : nullptr;
            return value ? static_cast<int>(std::clamp<int64_t>(*value, -kMaxWidth, kMaxWidth)) : 0;
        }
        int value = 0;
        for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) {
            value = std::min(value * 10 + (format[at] - '0'), kMaxWidth);
        }
        return value;
    };
    v.width = number();
    if (v.width < 0) {
        v.left = true;
        v.width = -v.width;
    }
    if (at < format.size() && format[at] == '.') {
        ++at;
        v.precision = std::max(number(), 0);
    }
    if (at >= format.size()) return false;
    v.verb = format[at++];
    return true;
}

}  // namespace

std::string go_sprintf(std::string_view format, const DataList& args) {
    std::string out;
    size_t next = 0;
    for (size_t at = 0; at < format.size();) {
        const size_t percent = std::min(format.find('%', at), format.size());
        out += format.substr(at, percent - at);
        at = percent + 1;
        if (percent == format.size()) break;
        Verb v;
        if (!parse_verb(format, at, v, args, next)) {
            out += "%!(NOVERB)";
            break;
        }
        if (v.verb == '%') {
            out += '%';
        } else if (next >= args.size()) {
            out += fmt::format("%!{}(MISSING)", v.verb);
        } else {
            out += format_one(v, args[next++]);
        }
    }
    if (next < args.size()) {
        std::string extra;
        for (; next < args.size(); ++next) {
            extra +=
                fmt::format("{}{}={}", extra.empty() ? "" : ", ", args[next].type_name(), args[next].print());
        }
        out += "%!(EXTRA " + extra + ")";
    }
    return out;
}

}  // namespace rpod::cli
