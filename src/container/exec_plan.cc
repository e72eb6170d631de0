// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/exec_plan.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "container/activation.hh"
#include "container/parse_env.hh"
#include "container/plan.hh"
#include "container/secret_files.hh"
#include "sys/capability.hh"
#include "sys/file.hh"
#include "sys/rlimit.hh"

namespace rpod::container {
namespace {

std::vector<std::string> make_env(const std::vector<std::string>& base, const ExecRequest& request) {
    std::vector<EnvVar> env;
    for (const auto& line : base) {
        const auto at = line.find('=');
        if (at != std::string::npos) set_env(env, {line.substr(0, at), line.substr(at + 1)});
    }
    const bool has_term = std::any_of(env.begin(), env.end(), [](const auto& e) { return e.name == "TERM"; });
    if (request.tty && !has_term) set_env(env, {"TERM", "xterm"});
    for (const auto& e : request.env) set_env(env, e);
    std::vector<std::string> out;
    for (const auto& e : env) out.push_back(fmt::format("{}={}", e.name, e.value));
    return out;
}

/// The container was made where the caller might have more than here (a service with limits, say).
void lower_limits(std::vector<oci::Rlimit>& limits) {
    for (auto& limit : limits) {
        const auto resource = sys::find_rlimit(limit.type);
        if (!resource) continue;
        limit.hard = std::min(limit.hard, sys::current_rlimit(*resource).hard);
        limit.soft = std::min(limit.soft, limit.hard);
    }
}

/// One that was removed since the container was started keeps nobody out.
void add_secrets_there_are(const store::Paths& paths, const ContainerConfig& config,
                           std::vector<std::string>& env) {
    try {
        add_secret_env(paths, config, env);
    } catch (const Error& e) {
        log::warn("{}", e.what());
    }
}

}  // namespace

runtime::ExecPlan make_exec_plan(const store::Paths& paths, const std::filesystem::path& directory,
                                 const ContainerConfig& config, const ExecRequest& request) {
    const auto spec_file = directory / "spec.json";
    auto spec = oci::RuntimeSpec::parse(sys::read_file(spec_file), spec_file);
    runtime::ExecPlan plan;
    // By the capabilities of the container, before those change: the filter is the container's own.
    plan.seccomp = runtime::plan_seccomp(spec, paths.seccomp_cache());
    plan.keep_groups = config.keep_groups;
    auto& process = spec.process;
    process.args = request.args;
    add_secrets_there_are(paths, config, process.env);
    process.env = make_env(process.env, request);
    process.terminal = request.tty;
    process.console_size.reset();
    if (!request.workdir.empty()) process.cwd = request.workdir;
    if (!request.user.empty()) {
        process.user.name = request.user;
        plan.other_user = true;
    }
    if (request.privileged) {
        const auto all = sys::capability_names(sys::kernel_capabilities());
        if (!process.capabilities) process.capabilities.emplace();
        process.capabilities->bounding = all;
    }
    lower_limits(process.rlimits);
    take_console_size(spec);
    plan.process = std::move(process);
    plan.stdin_open = request.interactive;
    plan.preserved_fds = request.preserved_fds;
    // Those that systemd gave to this command are among them: the process is told.
    if (const auto sockets = listen_fds();
        !sockets.empty() &&
        std::includes(plan.preserved_fds.begin(), plan.preserved_fds.end(), sockets.begin(), sockets.end())) {
        set_listen_variables(plan.process.env, sockets.size());
        plan.activated = true;
    }
    plan.stdio = request.tty      ? runtime::ExecStdio::terminal
                 : request.detach ? runtime::ExecStdio::none
                                  : runtime::ExecStdio::pipes;
    return plan;
}

}  // namespace rpod::container
