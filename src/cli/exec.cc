// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/exec.hh"

#include <fcntl.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/conf_defaults.hh"
#include "cli/pod_member.hh"
#include "cli/run_options.hh"
#include "container/detach_keys.hh"
#include "container/exec.hh"
#include "container/parse_limits.hh"
#include "container/snapshot.hh"
#include "store/paths.hh"
#include "sys/file.hh"
#include "sys/terminal.hh"

namespace rpod::cli {
namespace {

struct ExecOptions {
    std::string cidfile, user, workdir, member;
    std::optional<std::string> detach_keys;
    Strings env, env_files, preserve_fd;
    unsigned preserve_fds = 0;
    bool detach = false, interactive = false, tty = false, privileged = false, latest = false;
    bool no_session = false;
};

/// Ours are all CLOEXEC; one that is not came from the caller.
void require_open(int fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC)) throw Error("file descriptor {} is not available", fd);
}

std::vector<int> preserved_fds(const ExecOptions& o) {
    constexpr unsigned kMost = 1 << 16;
    std::vector<int> fds;
    if (o.preserve_fds > kMost) throw Error("--preserve-fds {}: at most {}", o.preserve_fds, kMost);
    for (unsigned n = 0; n < o.preserve_fds; ++n) fds.push_back(static_cast<int>(3 + n));
    for (const auto& text : split_commas(o.preserve_fd)) {
        const auto fd = parse_uint(text, INT32_MAX);
        if (!fd) throw Error("--preserve-fd '{}': expected numbers of file descriptors", printable(text));
        if (*fd > 2) fds.push_back(static_cast<int>(*fd));
    }
    std::sort(fds.begin(), fds.end());
    fds.erase(std::unique(fds.begin(), fds.end()), fds.end());
    for (const int fd : fds) require_open(fd);
    return fds;
}

container::ExecRequest make_request(const ExecOptions& o, Args command) {
    container::ExecRequest r;
    if (command.empty() || command[0].empty())
        throw Error("must provide a non-empty command to start an exec session: invalid argument");
    if (!o.workdir.empty() && !o.workdir.starts_with('/')) {
        throw Error("the working directory '{}' is invalid, it needs to be an absolute path",
                    printable(o.workdir));
    }
    r.args = std::move(command);
    const auto around = Surroundings::here();
    for (const auto& path : split_commas(o.env_files))
        container::take_env_file(r.env, sys::read_file(path), around.env, path);
    for (const auto& text : o.env) container::take_env(r.env, text, around.env);
    if (!o.user.empty()) container::check_user(o.user, "user");
    r.user = o.user;
    r.workdir = o.workdir;
    r.privileged = o.privileged;
    r.tty = o.tty;
    r.interactive = o.interactive;
    r.detach = o.detach;
    r.detach_keys = detach_keys(o.detach_keys, o.tty ? ContainersConf::load() : ContainersConf());
    const container::DetachKeys check(r.detach_keys);  // a bad one is refused even where it is not used
    r.preserved_fds = preserved_fds(o);
    return r;
}

/// The container is the first argument where no flag names it.
std::string take_container(const store::Paths& paths, const ExecOptions& o, Args& args) {
    if (o.latest && !o.cidfile.empty()) throw Error("--latest and --cidfile cannot be used together");
    if (o.latest) return container::latest_container(paths);
    std::string name;
    if (!o.cidfile.empty()) {
        const auto text = sys::read_file(o.cidfile, 4096);
        name = trim(std::string_view(text).substr(0, text.find('\n')));
    } else {
        if (args.empty())
            throw Error("exec requires the name or ID of a container or the --latest or --cidfile flag");
        name = args.front();
        args.erase(args.begin());
    }
    return find_one_of(paths, name, o.member);
}

int run_exec(Context& ctx, const ExecOptions& o, Args args) {
    const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
    store::open_root(paths);
    const auto id = take_container(paths, o, args);
    auto request = make_request(o, std::move(args));
    if (o.tty && o.interactive && !o.detach && !sys::is_terminal(ctx.in)) {
        ctx.err << "The input device is not a TTY. The --tty and --interactive flags might not work "
                   "properly\n";
    }
    const int code = container::execute(paths, id, request);
    // What podman prints is the ID of its record of the session; there is no record here.
    if (o.detach) ctx.out << sys::random_hex(32) << "\n";
    return code;
}

Action define_exec(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ExecOptions>();
    flags.add_option("--cidfile", o->cidfile, "Read the ID of the container from this file")
        ->type_name("FILE");
    flags.add_option("-c,--container", o->member, "In this container of the pod")->type_name("CONTAINER");
    flags.add_flag("-d,--detach", o->detach, "Leave the command running, without any streams");
    flags
        .add_option("--detach-keys", o->detach_keys,
                    "Keys that leave a terminal (default ctrl-p,ctrl-q); empty: none")
        ->type_name("KEYS");
    flags
        .add_option("-e,--env", o->env,
                    "Set a variable; without =VALUE the caller's, PREFIX* all that begin so")
        ->type_name("NAME[=VALUE]");
    flags.add_option("--env-file", o->env_files, "Set the variables that a file lists")->type_name("FILE");
    flags.add_flag("-i,--interactive", o->interactive, "Pass standard input on");
    flags.add_flag("-l,--latest", o->latest, "In the container that was made last");
    flags.add_flag("--no-session", o->no_session, "Keep no record of it (rpod never does)");
    flags.add_option("--preserve-fd", o->preserve_fd, "Pass these open files on")->type_name("FD[,FD...]");
    flags.add_option("--preserve-fds", o->preserve_fds, "Pass so many open files on, from number 3")
        ->type_name("N");
    flags.add_flag("--privileged", o->privileged,
                   "Give it all capabilities of the container's user namespace");
    flags.add_flag("-t,--tty", o->tty, "Give it a terminal");
    flags.add_option("-u,--user", o->user, "Run as this user, and group: name or number")
        ->type_name("USER[:GROUP]");
    flags.add_option("-w,--workdir", o->workdir, "Start in this directory of the container")
        ->type_name("DIR");
    return [o, &ctx](const Args& args) { return run_exec(ctx, *o, args); };
}

struct ShellOptions {
    std::string member, shell = "/bin/sh";
    bool no_tty = false;
};

/// oc's: a shell on the caller's terminal, or a command.
Action define_rsh(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ShellOptions>();
    flags.add_option("-c,--container", o->member, "In this container of the pod")->type_name("CONTAINER");
    flags.add_option("--shell", o->shell, "The shell (default /bin/sh)")->type_name("PATH");
    flags.add_flag("-T,--no-tty", o->no_tty, "Give it no terminal");
    return [o, &ctx](const Args& args) {
        Args command = args;
        if (command.size() == 1) command.push_back(o->shell);
        const bool tty = !o->no_tty && sys::is_terminal(ctx.in);
        return run_exec(ctx, {.member = o->member, .interactive = true, .tty = tty}, std::move(command));
    };
}

Command exec_command(std::string_view name) {
    return {.name = name,
            .arguments = "[options] CONTAINER|POD COMMAND [ARG...]",
            .summary = "Run a command in a running container",
            .arity = kOneOrMore,
            .define = define_exec,
            .flags_end_at_argument = true};
}

}  // namespace

std::vector<Command> exec_commands() {
    return {exec_command("exec"),
            exec_command("container exec"),
            {.name = "rsh",
             .arguments = "[options] CONTAINER|POD [COMMAND [ARG...]]",
             .summary = "Open a shell in a running container",
             .arity = kOneOrMore,
             .define = define_rsh,
             .flags_end_at_argument = true}};
}

}  // namespace rpod::cli
