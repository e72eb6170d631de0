// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/refused_options.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>

#include "base/error.hh"
#include "cli/run_options.hh"

namespace rpod::cli {
namespace {

// clang-format off
const std::array kRefused{
    Refused{"-m,--memory", kNoLimits}, Refused{"--memory-reservation", kNoLimits}, Refused{"--memory-swap", kNoLimits},
    Refused{"--memory-swappiness", kNoLimits, true, {"-1", "\xff"}}, Refused{"--cpus", kNoLimits}, Refused{"--cpu-period", kNoLimits},
    Refused{"--cpu-quota", kNoLimits}, Refused{"-c,--cpu-shares", kNoLimits}, Refused{"--cpuset-cpus", kNoLimits},
    Refused{"--cpuset-mems", kNoLimits}, Refused{"--cpu-rt-period", kNoLimits}, Refused{"--cpu-rt-runtime", kNoLimits},
    Refused{"--pids-limit", kNoLimits, true, {"-1", "0"}}, Refused{"--oom-kill-disable", kNoLimits, false},
    Refused{"--blkio-weight", kNoLimits}, Refused{"--blkio-weight-device", kNoLimits}, Refused{"--device-read-bps", kNoLimits},
    Refused{"--device-read-iops", kNoLimits}, Refused{"--device-write-bps", kNoLimits}, Refused{"--device-write-iops", kNoLimits},
    Refused{"--cgroup-parent", kNoLimits}, Refused{"--cgroup-conf", kNoLimits}, Refused{"--shm-size-systemd", kNoLimits},
    Refused{"--cgroups", kNoLimits, true, {"enabled", "disabled"}},
    Refused{"--requires", "containers do not depend on one another yet"},
    Refused{"--decryption-key", "encrypted images are not supported"},
    Refused{"--hostuser", "users of the host are not added to the container's /etc/passwd yet"}, Refused{"--hosts-file", "/etc/hosts is made of the host's names and --add-host"},
    Refused{"--chrootdirs", "files are not provided in other roots yet"},
    Refused{"--env-merge", "variables of the image cannot be used in others yet"},
    Refused{"--gpus", kNoCdi},
    Refused{"--rmi", "remove the image with rpod rmi", false},
    Refused{"--preserve-fds", "descriptors are not passed into containers yet", true, {"0", "\xff"}},
    Refused{"--preserve-fd", "descriptors are not passed into containers yet"},
    Refused{"--init-path", "the init of --init is rpod itself"},
    Refused{"--personality", "other execution domains are not supported"},
    Refused{"--seccomp-policy", "profiles are not taken from images", true, {"default", "\xff"}},
    Refused{"--rdt-class", kNoLimits}};
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

void add_refused_flags(CLI::App& app, std::span<const Refused> all, const Args& words) {
    for (const auto& refused : all) {
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
}

void add_refused_run_flags(CLI::App& app, const Args& words) {
    add_refused_flags(app, kRefused, words);
    for (const char* flag : kAccepted)
        app.add_option_function<Strings>(flag, [](const Strings&) {})->group("");
    app.add_flag_callback("--disable-content-trust", [] {})->group("");
}

}  // namespace rpod::cli
