// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/run_options.hh"

#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/parse_path.hh"

namespace rpod::cli {
namespace {

constexpr const char* kRegistries = "Registries";

/// uname's word → that of image manifests.
std::string image_architecture(std::string_view machine) {
    if (machine == "x86_64") return "amd64";
    if (machine == "aarch64") return "arm64";
    if (machine == "i686" || machine == "i386") return "386";
    if (machine.starts_with("armv")) return "arm";
    return std::string(machine);
}

/// The first argument with --rootfs: "DIR[:O]".
container::RootfsDir parse_rootfs(std::string_view text, const Surroundings& around) {
    container::RootfsDir out;
    if (text.ends_with(":O")) {
        out.overlay = true;
        text.remove_suffix(2);
    } else if (text.find(":idmap") != std::string_view::npos) {
        throw Error("rootfs '{}': ID-mapped mounts are not supported: they need privileges on the host",
                    printable(text));
    }
    out.path = container::parse_host_path(text, around.cwd, "rootfs");
    return out;
}

}  // namespace

Surroundings Surroundings::here() {
    Surroundings out;
    std::error_code failure;
    out.cwd = std::filesystem::current_path(failure).string();
    if (failure) throw SysError(failure.value(), "find the current directory");
    for (char** e = ::environ; e && *e; ++e) {
        const auto parts = split(*e, '=', 2);
        if (parts.size() == 2 && !parts[0].empty()) {
            out.env.push_back({std::string(parts[0]), std::string(parts[1])});
        }
    }
    utsname names{};
    check(::uname(&names), "ask for the machine's type");
    out.architecture = image_architecture(names.machine);
    return out;
}

Strings split_commas(const Strings& values) {
    Strings out;
    for (const auto& value : values) {
        for (const auto part : split(value, ',')) out.emplace_back(part);
    }
    return out;
}

void add_run_flags(CLI::App& app, RunOptions& o, const Args& words) {
    add_life_flags(app, o.life);
    add_health_flags(app, o.health);
    add_process_flags(app, o.process);
    add_file_flags(app, o.files);
    add_namespace_flags(app, o.namespaces);
    add_security_flags(app, o.security);
    define_registry_access(app, o.registry, kRegistries);
    define_transfer(app, o.registry, kRegistries);
    add_refused_run_flags(app, words);
}

RunRequest validate(const RunOptions& o, const Args& args, const Surroundings& around) {
    RunRequest out;
    auto& config = out.config;
    if (args.empty() || args[0].empty()) throw Error("the name of an image is missing");
    if (o.files.rootfs) {
        config.rootfs = parse_rootfs(args[0], around);
    } else {
        config.image = args[0];
    }
    config.command.assign(args.begin() + 1, args.end());
    apply(o.process, around, config);
    apply(o.life, around, config, out.modes);
    apply(o.health, config);
    apply(o.files, around, config);
    apply(o.namespaces, around, config, out.modes);
    // Last: sysctls are judged by the namespaces.
    apply(o.security, around, config);
    return out;
}

}  // namespace rpod::cli
