// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/exec.hh"

#include "base/error.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/exec_client.hh"
#include "container/exec_plan.hh"
#include "container/running.hh"

namespace rpod::container {
namespace {

constexpr int kExitNotRunning = 255;

Error not_running() {
    return Error(std::string("can only create exec sessions on running containers: container state improper"))
        .with_exit_code(kExitNotRunning);
}

runtime::ExecTarget open_target(const std::filesystem::path& directory) {
    auto target = open_running(directory, [](const State& s) { return s.status == Status::running; });
    if (!target) throw not_running();
    return *std::move(target);
}

}  // namespace

int execute(const store::Paths& paths, const std::string& id, const ExecRequest& request) {
    const auto directory = paths.containers() / id;
    auto target = open_target(directory);
    const auto config = read_config(directory);
    auto process = runtime::execute_in(std::move(target), make_exec_plan(paths, directory, config, request));
    note_event(paths, config, "exec");
    if (request.detach) {
        if (process.console) leave_terminal_open(process);
        return 0;
    }
    const auto status = follow(process, request.interactive, request.detach_keys);
    if (status) {
        note_event(paths, config, "exec_died", status->shell_code());
        return status->shell_code();
    }
    leave_terminal_open(process);
    return 0;
}

}  // namespace rpod::container
