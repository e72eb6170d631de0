// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "base/error.hh"
#include "cli/run_options.hh"

namespace rpod::cli {
namespace {

struct Refused {
    const char* flag;
    const char* reason;
    bool takes_value = true;
    /// Values that ask for nothing that rpod does not do: taken.
    std::array<std::string_view, 2> harmless{"\xff", "\xff"};
};

constexpr const char* kLimits = "resource limits need cgroups, which rpod does not set up yet";
constexpr const char* kAddress = "the container's address is rpod's to choose";
constexpr const char* kHealth = "health checks are not run yet";

// clang-format off
const std::array kRefused{
    Refused{"-m,--memory", kLimits}, Refused{"--memory-reservation", kLimits}, Refused{"--memory-swap", kLimits},
    Refused{"--memory-swappiness", kLimits, true, {"-1", "\xff"}}, Refused{"--cpus", kLimits}, Refused{"--cpu-period", kLimits},
    Refused{"--cpu-quota", kLimits}, Refused{"-c,--cpu-shares", kLimits}, Refused{"--cpuset-cpus", kLimits},
    Refused{"--cpuset-mems", kLimits}, Refused{"--cpu-rt-period", kLimits}, Refused{"--cpu-rt-runtime", kLimits},
    Refused{"--pids-limit", kLimits, true, {"-1", "0"}}, Refused{"--oom-kill-disable", kLimits, false},
    Refused{"--blkio-weight", kLimits}, Refused{"--blkio-weight-device", kLimits}, Refused{"--device-read-bps", kLimits},
    Refused{"--device-read-iops", kLimits}, Refused{"--device-write-bps", kLimits}, Refused{"--device-write-iops", kLimits},
    Refused{"--cgroup-parent", kLimits}, Refused{"--cgroup-conf", kLimits}, Refused{"--shm-size-systemd", kLimits},
    Refused{"--cgroups", kLimits, true, {"enabled", "disabled"}},
    Refused{"--ip", kAddress}, Refused{"--ip6", kAddress}, Refused{"--mac-address", kAddress},
    Refused{"--network-alias", "there are no networks on which others would look it up yet"},
    Refused{"--health-cmd", kHealth, true, {"none", "\xff"}}, Refused{"--health-interval", kHealth}, Refused{"--health-retries", kHealth},
    Refused{"--health-start-period", kHealth}, Refused{"--health-timeout", kHealth}, Refused{"--health-on-failure", kHealth, true, {"none", "\xff"}},
    Refused{"--health-startup-cmd", kHealth}, Refused{"--health-startup-interval", kHealth},
    Refused{"--health-startup-retries", kHealth}, Refused{"--health-startup-success", kHealth},
    Refused{"--health-startup-timeout", kHealth},
    Refused{"--requires", "containers do not depend on one another yet"},
    Refused{"--decryption-key", "encrypted images are not supported"},
    Refused{"--hostuser", "users of the host are not added to the container's /etc/passwd yet"}, Refused{"--hosts-file", "/etc/hosts is made of the host's names and --add-host"},
    Refused{"--chrootdirs", "files are not provided in other roots yet"},
    Refused{"--env-merge", "variables of the image cannot be used in others yet"},
    Refused{"--gpus", "CDI devices are not supported yet"},
    Refused{"--rmi", "remove the image with rpod rmi", false},
    Refused{"--preserve-fds", "descriptors are not passed into containers yet", true, {"0", "\xff"}},
    Refused{"--preserve-fd", "descriptors are not passed into containers yet"},
    Refused{"--init-path", "the init of --init is rpod itself"},
    Refused{"--personality", "other execution domains are not supported"},
    Refused{"--sdnotify", "readiness messages are not passed on yet", true, {"ignore", "\xff"}},
    Refused{"--seccomp-policy", "profiles are not taken from images", true, {"default", "\xff"}},
    Refused{"--rdt-class", kLimits}};
// clang-format on

/// Of no effect on what runs, here and in podman run by a user: taken, so that scripts go on working.
constexpr std::array kAccepted{"--runtime", "--device-cgroup-rule"};

/// Whether one of the words may be the flag ("-m,--memory"), alone, with its value, or among other letters.
bool may_name(const Args& words, const std::string& flag) {
    const std::string name = flag.substr(flag.find("--"));
    const char letter = flag[1] == '-' ? '\0' : flag[1];
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        if (word.starts_with("--")) return word.starts_with(name);
        return letter != '\0' && word.starts_with("-") && word.find(letter) != word.npos;
    });
}

}  // namespace

void add_refused_flags(CLI::App& app, const Args& words) {
    for (const auto& refused : kRefused) {
        const std::string flag = refused.flag;
        // The parser compares each new flag with all that it has: those that nobody named would double its
        // work.
        if (!may_name(words, flag)) continue;
        const std::string name = flag.substr(flag.find("--"));
        if (refused.takes_value) {
            app.add_option_function<std::string>(
                   flag,
                   [&refused, name](const std::string& value) {
                       if (value == refused.harmless[0] || value == refused.harmless[1]) return;
                       throw Error("{} is not supported yet: {}", name, refused.reason);
                   })
                ->group("");
        } else {
            app.add_flag_callback(
                   flag,
                   [&refused, name] { throw Error("{} is not supported yet: {}", name, refused.reason); })
                ->group("");
        }
    }
    for (const char* flag : kAccepted)
        app.add_option_function<Strings>(flag, [](const Strings&) {})->group("");
    app.add_flag_callback("--no-healthcheck", [] {})->group("");
    app.add_flag_callback("--disable-content-trust", [] {})->group("");
}

}  // namespace rpod::cli
