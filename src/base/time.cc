// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/time.hh"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/strings.hh"

namespace rpod {
namespace {

/// Days from 1970-01-01 to a date of the Gregorian calendar, counted in eras of 400 years that begin in
/// March.
int64_t days_from_civil(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2 ? 1 : 0;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t year_of_era = year - era * 400;
    const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

int64_t days_in_month(int64_t year, int64_t month) {
    const int64_t first = days_from_civil(year, month, 1);
    return (month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, month + 1, 1)) - first;
}

/// Takes texts of a fixed form from the front; `ok` turns false at the first that does not fit.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    int64_t number(size_t digits, int64_t min, int64_t max) {
        const auto value = parse_uint(rest_.substr(0, digits));
        ok = ok && rest_.size() >= digits && value && static_cast<int64_t>(*value) >= min &&
             static_cast<int64_t>(*value) <= max;
        rest_.remove_prefix(std::min(digits, rest_.size()));
        return ok ? static_cast<int64_t>(*value) : min;
    }
    char any_of(std::string_view chars) {
        ok = ok && !rest_.empty() && chars.find(rest_.front()) != std::string_view::npos;
        if (!ok) return '\0';
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    uint32_t fraction() {
        if (rest_.empty() || rest_.front() != '.') return 0;
        rest_.remove_prefix(1);
        uint32_t ns = 0;
        size_t digits = 0;
        for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1)) {
            if (++digits <= 9) ns = ns * 10 + static_cast<uint32_t>(rest_.front() - '0');
        }
        ok = ok && digits > 0;
        for (; digits < 9; ++digits) ns *= 10;
        return ns;
    }
    bool at_end() const { return rest_.empty(); }

    bool ok = true;

  private:
    std::string_view rest_;
};

std::string fraction_text(uint32_t nanoseconds) {
    if (nanoseconds == 0) return {};
    std::string text = fmt::format(".{:09}", nanoseconds);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
}

std::string format_utc(const Timestamp& time, const char* format, std::string_view zone) {
    const time_t seconds = time.seconds;
    std::tm tm{};
    ::gmtime_r(&seconds, &tm);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), format, &tm);
    // %Y does not pad the years before 1000.
    return fmt::format("{:04}{}{}{}", tm.tm_year + 1900, text.data(), fraction_text(time.nanoseconds), zone);
}

}  // namespace

Timestamp now() {
    std::timespec ts{};
    ::clock_gettime(CLOCK_REALTIME, &ts);
    return {.seconds = ts.tv_sec, .nanoseconds = static_cast<uint32_t>(ts.tv_nsec)};
}

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
    Reader in(text);
    const int64_t year = in.number(4, 1, 9999);
    in.any_of("-");
    const int64_t month = in.number(2, 1, 12);
    in.any_of("-");
    const int64_t day = in.number(2, 1, days_in_month(year, month));
    in.any_of("Tt ");
    const int64_t hour = in.number(2, 0, 23);
    in.any_of(":");
    const int64_t minute = in.number(2, 0, 59);
    in.any_of(":");
    const int64_t second = in.number(2, 0, 60);
    const uint32_t nanoseconds = in.fraction();
    const char sign = in.any_of("Zz+-");
    int64_t offset = 0;
    if (sign == '+' || sign == '-') {
        offset = in.number(2, 0, 23) * 3600;
        in.any_of(":");
        offset += in.number(2, 0, 59) * 60;
        if (sign == '-') offset = -offset;
    }
    if (!in.ok || !in.at_end()) return std::nullopt;
    const int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return Timestamp{.seconds = seconds - offset, .nanoseconds = nanoseconds};
}

std::string format_rfc3339(const Timestamp& time) { return format_utc(time, "-%m-%dT%H:%M:%S", "Z"); }

std::string format_go_time(const Timestamp& time) {
    return format_utc(time, "-%m-%d %H:%M:%S", " +0000 UTC");
}

std::string human_duration(int64_t seconds) {
    const auto count = [](int64_t n, const char* unit) { return fmt::format("{} {}", n, unit); };
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return count(seconds, "seconds");
    const int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return count(minutes, "minutes");
    const int64_t hours = (seconds + 1800) / 3600;
    if (hours == 1) return "About an hour";
    if (hours < 48) return count(hours, "hours");
    if (hours < 24 * 7 * 2) return count(hours / 24, "days");
    if (hours < 24 * 30 * 2) return count(hours / 24 / 7, "weeks");
    if (hours < 24 * 365 * 2) return count(hours / 24 / 30, "months");
    return count(seconds / 3600 / 24 / 365, "years");
}

std::string human_size(uint64_t bytes, int digits) {
    static constexpr std::array<const char*, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    auto size = static_cast<double>(bytes);
    size_t unit = 0;
    for (; size >= 1000 && unit + 1 < units.size(); ++unit) size /= 1000;
    return fmt::format("{:.{}g}{}", size, digits, units[unit]);
}

}  // namespace rpod
