// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/rlimit.hh"

#include <sys/resource.h>

#include <array>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::sys {
namespace {

struct Entry {
    int resource;
    const char* name;
};

constexpr std::array<Entry, 16> kLimits = {{
    {RLIMIT_AS, "RLIMIT_AS"},
    {RLIMIT_CORE, "RLIMIT_CORE"},
    {RLIMIT_CPU, "RLIMIT_CPU"},
    {RLIMIT_DATA, "RLIMIT_DATA"},
    {RLIMIT_FSIZE, "RLIMIT_FSIZE"},
    {RLIMIT_LOCKS, "RLIMIT_LOCKS"},
    {RLIMIT_MEMLOCK, "RLIMIT_MEMLOCK"},
    {RLIMIT_MSGQUEUE, "RLIMIT_MSGQUEUE"},
    {RLIMIT_NICE, "RLIMIT_NICE"},
    {RLIMIT_NOFILE, "RLIMIT_NOFILE"},
    {RLIMIT_NPROC, "RLIMIT_NPROC"},
    {RLIMIT_RSS, "RLIMIT_RSS"},
    {RLIMIT_RTPRIO, "RLIMIT_RTPRIO"},
    {RLIMIT_RTTIME, "RLIMIT_RTTIME"},
    {RLIMIT_SIGPENDING, "RLIMIT_SIGPENDING"},
    {RLIMIT_STACK, "RLIMIT_STACK"},
}};

std::string text(uint64_t limit) { return limit == kUnlimited ? "unlimited" : std::to_string(limit); }

static_assert(sizeof(rlim_t) == sizeof(uint64_t) && RLIM_INFINITY == kUnlimited);

}  // namespace

std::optional<int> find_rlimit(std::string_view name) {
    const std::string lower = to_lower(name);
    const std::string_view bare = lower.starts_with("rlimit_") ? std::string_view(lower).substr(7) : lower;
    for (const auto& limit : kLimits) {
        if (to_lower(limit.name + 7) == bare) return limit.resource;
    }
    return std::nullopt;
}

std::string rlimit_name(int resource) {
    for (const auto& limit : kLimits) {
        if (limit.resource == resource) return limit.name;
    }
    return fmt::format("RLIMIT_{}", resource);
}

std::vector<std::string> rlimit_names() {
    std::vector<std::string> names;
    for (const auto& limit : kLimits) names.emplace_back(limit.name);
    return names;
}

LimitPair current_rlimit(int resource) {
    rlimit limit{};
    check(::getrlimit(static_cast<__rlimit_resource>(resource), &limit), "read {}", rlimit_name(resource));
    return {.soft = limit.rlim_cur, .hard = limit.rlim_max};
}

void set_rlimit(int resource, LimitPair wanted) {
    const rlimit limit{.rlim_cur = wanted.soft, .rlim_max = wanted.hard};
    if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0) return;
    SysError error(errno, "set {} to {}:{}", rlimit_name(resource), text(wanted.soft), text(wanted.hard));
    if (!error.is(EPERM)) throw error;
    const auto have = current_rlimit(resource);
    throw std::move(error).with_hint(
        fmt::format("the hard limit of the user who runs this is {}; only the administrator can raise it",
                    text(have.hard)));
}

void raise_open_files() {
    auto limit = current_rlimit(RLIMIT_NOFILE);
    limit.soft = limit.hard;
    set_rlimit(RLIMIT_NOFILE, limit);
}

}  // namespace rpod::sys
