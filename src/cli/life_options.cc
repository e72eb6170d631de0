// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/parse_limits.hh"
#include "container/parse_path.hh"
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

container::LogConfig parse_log(const LifeOptions& o) {
    container::LogConfig out;
    if (o.log_driver.empty()) return out;
    if (o.log_driver != "none") {
        throw Error("--log-driver={} is not supported yet: the output of containers is not kept",
                    printable(o.log_driver));
    }
    out.driver = o.log_driver;
    return out;
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
    app.add_flag("--sig-proxy", o.sig_proxy, "Pass signals on to the container (default true)")->group(kLife);
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
    app.add_option("--log-driver", o.log_driver, "Where output is kept; only: none")
        ->type_name("DRIVER")
        ->group(kLife);
    app.add_option("--restart", o.restart, "When to start it again; only: no")
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
    config.log = parse_log(o);
    if (o.restart != "no" && !o.restart.empty()) {
        throw Error("--restart={} is not supported yet: nothing would start the container again",
                    printable(o.restart));
    }
    check_platform(o, around);
    modes.sig_proxy = o.sig_proxy;
    modes.quiet = o.quiet;
    parse_attach(o, config.stdin_open, modes);
}

}  // namespace rpod::cli
