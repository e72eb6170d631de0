// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/parse_limits.hh"
#include "container/parse_log.hh"
#include "container/parse_path.hh"
#include "container/restart_policy.hh"
#include "store/names.hh"

namespace rpod::cli {
namespace {

constexpr const char* kLife = "Container";

container::PullPolicy parse_pull(const std::string& text) {
    using container::PullPolicy;
    if (text == "missing" || text == "false") return PullPolicy::missing;
    if (text == "never") return PullPolicy::never;
    if (text == "always" || text == "true") return PullPolicy::always;
    if (text == "newer") return PullPolicy::newer;
    throw Error("pull '{}': missing, always, newer and never are known", printable(text));
}

container::SystemdMode parse_systemd(const std::string& text) {
    if (text == "false") return container::SystemdMode::off;
    if (text == "true") return container::SystemdMode::automatic;
    if (text == "always") throw Error("--systemd=always is not supported yet");
    throw Error("systemd '{}': true, false and always are known", printable(text));
}

void parse_attach(const LifeOptions& o, bool interactive, RunModes& modes) {
    if (o.attach.empty()) {
        modes.attach_stdin = interactive;
        modes.attach_stdout = modes.attach_stderr = true;
        return;
    }
    for (const auto& text : split_commas(o.attach)) {
        const std::string stream = to_lower(text);
        if (stream == "stdin") {
            modes.attach_stdin = true;
        } else if (stream == "stdout") {
            modes.attach_stdout = true;
        } else if (stream == "stderr") {
            modes.attach_stderr = true;
        } else {
            throw Error("attach '{}': stdin, stdout and stderr are known", printable(text));
        }
    }
}

/// Images of other machines would need their code to be emulated.
void check_platform(const LifeOptions& o, const Surroundings& around) {
    const auto parts = split(o.platform, '/');
    const std::string_view os = o.platform.empty() ? std::string_view(o.os) : parts[0];
    const std::string_view architecture = o.platform.empty() ? std::string_view(o.architecture)
                                          : parts.size() > 1 ? parts[1]
                                                             : std::string_view();
    if (!o.platform.empty() && (!o.os.empty() || !o.architecture.empty())) {
        throw Error("--platform cannot be combined with --os and --arch");
    }
    const bool ours =
        (os.empty() || os == "linux") && (architecture.empty() || architecture == around.architecture);
    if (!ours || !o.variant.empty() || parts.size() > 2) {
        throw Error("images for other platforms than linux/{} are not supported yet", around.architecture);
    }
}

}  // namespace

void add_life_flags(CLI::App& app, LifeOptions& o) {
    app.add_option("--name", o.name, "Name of the container (default: a random one)")
        ->type_name("NAME")
        ->group(kLife);
    app.add_flag("--rm", o.remove, "Remove the container when it has ended")->group(kLife);
    app.add_option("-a,--attach", o.attach, "Attach only this: stdin, stdout, stderr")
        ->type_name("STREAM")
        ->group(kLife);
    app.add_option("--cidfile", o.cidfile, "Write the container's ID to a new file")
        ->type_name("FILE")
        ->group(kLife);
    app.add_option("--pull", o.pull, "When to pull the image: missing, always, newer, never")
        ->type_name("POLICY")
        ->group(kLife);
    app.add_flag("-q,--quiet", o.quiet, "Do not show the progress of a pull")->group(kLife);
    app.add_option("--stop-signal", o.stop_signal, "Signal that stops it (default: the image's, or SIGTERM)")
        ->type_name("SIGNAL")
        ->group(kLife);
    app.add_option("--stop-timeout", o.stop_timeout, "Seconds from that signal to SIGKILL (default 10)")
        ->type_name("SECONDS")
        ->group(kLife);
    app.add_option("--timeout", o.timeout, "Kill it after this many seconds; 0: never")
        ->type_name("SECONDS")
        ->group(kLife);
    app.add_option("--systemd", o.systemd, "Whether to look for systemd as its command: true, false")
        ->type_name("BOOL")
        ->group(kLife);
    app.add_option("--pidfile", o.pidfile, "Write the process ID of its first process to a file")
        ->type_name("FILE")
        ->group(kLife);
    app.add_option("--conmon-pidfile", o.conmon_pidfile, "Write the process ID of its monitor to a file")
        ->type_name("FILE")
        ->group(kLife);
    app.add_flag("--replace", o.replace, "Remove a container that has the name")->group(kLife);
    app.add_option("--log-driver", o.log_driver,
                   "Where output is kept: k8s-file, json-file, none, passthrough (default k8s-file)")
        ->type_name("DRIVER")
        ->group(kLife);
    app.add_option("--log-opt", o.log_options, "How it is kept: max-size=SIZE")
        ->type_name("NAME=VALUE")
        ->group(kLife);
    app.add_option("--restart", o.restart,
                   "When to start it again: no, on-failure[:N], always, unless-stopped (default no)")
        ->type_name("POLICY")
        ->group(kLife);
    app.add_option("--platform", o.platform, "Platform of the image; only this machine's")
        ->type_name("OS/ARCH")
        ->group(kLife);
    app.add_option("--arch", o.architecture, "Its architecture")->type_name("ARCH")->group(kLife);
    app.add_option("--os", o.os, "Its operating system")->type_name("OS")->group(kLife);
    app.add_option("--variant", o.variant)->group("");
}

void apply(const LifeOptions& o, const Surroundings& around, container::ContainerConfig& config,
           RunModes& modes) {
    if (!o.name.empty()) store::require_valid_name(o.name);
    config.name = o.name;
    config.remove = o.remove;
    if (!o.cidfile.empty()) config.cidfile = container::parse_host_path(o.cidfile, around.cwd, "cidfile");
    config.pull = parse_pull(o.pull);
    if (!o.stop_signal.empty()) container::parse_signal(o.stop_signal);
    config.stop_signal = o.stop_signal;
    config.stop_timeout_s = o.stop_timeout;
    config.timeout_s = o.timeout;
    config.systemd = parse_systemd(o.systemd);
    config.log = container::parse_log(o.log_driver, o.log_options);
    if (config.log.driver == "passthrough" && config.tty)
        throw Error(
            "--log-driver=passthrough and --tty do not go together: there is no terminal to pass through");
    container::parse_restart_policy(o.restart);
    config.restart = o.restart == "no" ? std::string() : o.restart;
    if (config.remove && !config.restart.empty())
        throw Error(
            "the --rm option conflicts with --restart, when the restartPolicy is not \"\" and \"no\"");
    if (!o.pidfile.empty()) config.pidfile = container::parse_host_path(o.pidfile, around.cwd, "pidfile");
    if (!o.conmon_pidfile.empty())
        config.conmon_pidfile = container::parse_host_path(o.conmon_pidfile, around.cwd, "conmon-pidfile");
    check_platform(o, around);
    modes.quiet = o.quiet;
    modes.replace = o.replace;
    if (o.replace && o.name.empty()) throw Error("cannot replace container without --name being set");
    parse_attach(o, config.stdin_open, modes);
}

}  // namespace rpod::cli
