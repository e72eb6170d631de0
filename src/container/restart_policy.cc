// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/restart_policy.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {
namespace {

constexpr std::chrono::milliseconds kFirst{100};
constexpr std::chrono::milliseconds kLongest{60000};
constexpr std::chrono::milliseconds kGoodRun{10000};

}  // namespace

bool RestartPolicy::wants_restart(sys::ExitStatus status, uint32_t restarts) const {
    switch (when) {
        case When::never:
            return false;
        case When::on_failure:
            return !status.ok() && (max_retries == 0 || restarts < max_retries);
        case When::always:
        case When::unless_stopped:
            return true;
    }
    return false;
}

std::string_view policy_name(std::string_view restart) {
    return restart.empty() ? std::string_view("no") : split(restart, ':')[0];
}

RestartPolicy parse_restart_policy(std::string_view text) {
    using When = RestartPolicy::When;
    constexpr std::string_view on_failure = "on-failure";
    if (text.empty() || text == "no") return {};
    if (text == "always") return {.when = When::always};
    if (text == "unless-stopped") return {.when = When::unless_stopped};
    if (text == on_failure) return {.when = When::on_failure};
    if (text.starts_with(on_failure) && text[on_failure.size()] == ':') {
        const auto count = parse_uint(text.substr(on_failure.size() + 1), UINT32_MAX);
        if (!count) throw Error("restart '{}': the number of retries is not a number", printable(text));
        return {.when = When::on_failure, .max_retries = static_cast<uint32_t>(*count)};
    }
    throw Error("restart '{}': no, on-failure[:N], always and unless-stopped are known", printable(text));
}

std::chrono::milliseconds RestartDelay::next(std::chrono::milliseconds ran) {
    delay_ = delay_.count() == 0 || ran >= kGoodRun ? kFirst : std::min(delay_ * 2, kLongest);
    return delay_;
}

}  // namespace rpod::container
