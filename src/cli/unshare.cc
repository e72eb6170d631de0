// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/unshare.hh"

#include <sched.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <memory>

#include "base/log.hh"
#include "container/root_mount.hh"
#include "container/session.hh"
#include "container/unshare_shell.hh"
#include "store/paths.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::cli {
namespace {

/// Child: becomes the command.
int execute(const Args& command) {
    std::vector<char*> argv;
    for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_DFL);
    ::execvp(argv[0], argv.data());
    const SysError e(errno, "execute '{}'", command[0]);
    log::error("{}", e.what());
    return e.is(ENOENT) ? kExitNotFound : kExitNotExecutable;
}

/// In the session's user namespace, as its root. Stays behind the command, because it holds the session.
int run_in_session(const store::Paths& paths, const Args& command) {
    sys::unshare_namespaces(CLONE_NEWNS);
    const auto shell = container::become_unshare_shell();
    for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
    const auto status = sys::wait_for(sys::fork_child("rpod:unshare", [&] { return execute(command); }));
    container::end_root_mounts(paths, shell);
    return status.shell_code();
}

Args command_or_shell(const Args& args) {
    if (!args.empty()) return args;
    const char* shell = std::getenv("SHELL");
    return {shell && *shell ? shell : "/bin/sh"};
}

Action define_unshare(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
        store::open_root(paths);
        const auto command = command_or_shell(args);
        // What the terminal sends reaches the command; we wait for it.
        for (const int signal : {SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
        const pid_t pid = userns::spawn_in_session(container::session_files(paths),
                                                   userns::current_identity(), {.role = "rpod:session"},
                                                   [&](int) { return run_in_session(paths, command); });
        return sys::wait_for(pid).shell_code();
    };
}

}  // namespace

std::vector<Command> unshare_commands() {
    return {{.name = "unshare",
             .arguments = "[options] [COMMAND [ARG...]]",
             .summary = "Run a command as root of the user namespace that all containers share",
             .arity = kAnyArgs,
             .define = define_unshare,
             .flags_end_at_argument = true}};
}

}  // namespace rpod::cli
