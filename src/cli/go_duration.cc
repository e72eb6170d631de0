// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/go_duration.hh"

#include "base/error.hh"

namespace rpod::cli {
namespace {

/// A number of units of 10^digits, without trailing zeros.
std::string decimal(uint64_t value, int digits) {
    uint64_t unit = 1;
    for (int i = 0; i < digits; ++i) unit *= 10;
    auto text = std::to_string(value / unit);
    auto fraction = fmt::format("{:0{}}", value % unit, digits);
    while (!fraction.empty() && fraction.back() == '0') fraction.pop_back();
    return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace

std::string go_duration(uint64_t ns) {
    if (ns == 0) return "0s";
    if (ns < 1'000) return fmt::format("{}ns", ns);
    if (ns < 1'000'000) return decimal(ns, 3) + "\u00b5s";
    if (ns < 1'000'000'000) return decimal(ns, 6) + "ms";
    const uint64_t minutes = ns / 60'000'000'000;
    const auto seconds = decimal(ns % 60'000'000'000, 9) + "s";
    if (minutes == 0) return seconds;
    if (minutes < 60) return fmt::format("{}m{}", minutes, seconds);
    return fmt::format("{}h{}m{}", minutes / 60, minutes % 60, seconds);
}

}  // namespace rpod::cli
