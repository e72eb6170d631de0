// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/unshare_shell.hh"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

constexpr const char* kVariable = "_RPOD_UNSHARE";

std::string own_mount_namespace() { return std::filesystem::read_symlink("/proc/self/ns/mnt"); }

std::optional<UnshareShell> parse(std::string_view text) {
    const auto parts = split(text, ' ');
    if (parts.size() != 3) return std::nullopt;
    const auto pid = parse_uint(parts[0], INT32_MAX);
    const auto start = parse_uint(parts[1], UINT64_MAX);
    if (!pid || *pid == 0 || !start) return std::nullopt;
    return UnshareShell{
        .pid = static_cast<pid_t>(*pid), .start = *start, .mount_namespace = std::string(parts[2])};
}

}  // namespace

std::string UnshareShell::text() const { return fmt::format("{} {} {}", pid, start, mount_namespace); }

UnshareShell become_unshare_shell() {
    const pid_t pid = sys::pid_in_proc(sys::open_pidfd(::getpid()).get());
    UnshareShell shell{
        .pid = pid, .start = sys::process_start(pid), .mount_namespace = own_mount_namespace()};
    check(::setenv(kVariable, shell.text().c_str(), 1), "set the variable {}", kVariable);
    return shell;
}

std::optional<UnshareShell> find_unshare_shell() {
    const char* text = std::getenv(kVariable);
    auto shell = text ? parse(text) : std::nullopt;
    if (!shell || shell->mount_namespace != own_mount_namespace()) return std::nullopt;
    if (sys::process_start(shell->pid) != shell->start) return std::nullopt;
    return shell;
}

}  // namespace rpod::container
