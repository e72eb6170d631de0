// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/activation.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/set_variable.hh"

namespace rpod::container {
namespace {

constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr uint64_t kMost = 1024;

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

}  // namespace

std::vector<int> listen_fds() {
    const auto pid = parse_uint(variable("LISTEN_PID"), INT32_MAX);
    if (!pid || static_cast<pid_t>(*pid) != ::getpid() || !*variable("LISTEN_FDS")) return {};
    const auto count = parse_uint(variable("LISTEN_FDS"), kMost);
    if (!count)
        throw Error("LISTEN_FDS '{}': expected a number of at most {}", printable(variable("LISTEN_FDS")),
                    kMost);
    std::vector<int> fds;
    for (int fd = kFirst; fd < kFirst + static_cast<int>(*count); ++fd) {
        // Ours are all CLOEXEC; one that is not came from the caller. Asked for twice, it is ours already.
        if (::fcntl(fd, F_GETFD) < 0)
            throw Error("LISTEN_FDS={}: file descriptor {} is not open", *count, fd);
        fds.push_back(fd);
    }
    return fds;
}

void set_listen_variables(std::vector<std::string>& env, size_t count) {
    set_variable(env, "LISTEN_FDS", std::to_string(count));
    const std::string names = variable("LISTEN_FDNAMES");
    if (!names.empty()) set_variable(env, "LISTEN_FDNAMES", names);
}

void pass_listen_fds(runtime::LaunchPlan& plan) {
    auto fds = listen_fds();
    if (fds.empty()) return;
    const auto* pids = plan.spec.linux.find_namespace(oci::NamespaceType::pid);
    if (plan.reap_as_init && (!pids || !pids->path.empty()))
        throw Error(
            "LISTEN_FDS: with --init, sockets are passed only into a PID namespace of the container's own");
    // What this command executes does not get them.
    for (const int fd : fds)
        check(::fcntl(fd, F_SETFD, FD_CLOEXEC), "keep file descriptor {} to ourselves", fd);
    set_listen_variables(plan.spec.process.env, fds.size());
    plan.passed_fds = std::move(fds);
}

void refuse_listen_fds(const std::string& what) {
    if (listen_fds().empty()) return;
    throw Error("LISTEN_FDS: sockets cannot be passed to {}", what)
        .with_hint("unset LISTEN_FDS to start it without them");
}

}  // namespace rpod::container
