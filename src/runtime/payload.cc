// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/payload.hh"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "runtime/scheduling.hh"
#include "runtime/stub.hh"
#include "sys/capability.hh"
#include "sys/file.hh"
#include "sys/process.hh"
#include "sys/rlimit.hh"
#include "sys/seccomp.hh"
#include "sys/signals.hh"

namespace rpod::runtime {

void make_working_directory(const std::string& cwd, const sys::RootedDir& root, const ContainerUser& user) {
    if (root.find(cwd, O_PATH | O_DIRECTORY)) return;
    const auto made = root.make_dirs(cwd);
    check(::fchownat(made.get(), "", user.uid, user.gid, AT_EMPTY_PATH),
          "give the working directory '{}' to its user", cwd);
}

namespace {

void set_limits(const oci::Process& process) {
    for (const auto& limit : process.rlimits) {
        const auto resource = sys::find_rlimit(limit.type);
        if (!resource) throw Error("set the limit '{}': there is no such limit", limit.type);
        sys::set_rlimit(*resource, {.soft = limit.soft, .hard = limit.hard});
    }
}

sys::CapSets capability_sets(const oci::Process& process) {
    if (!process.capabilities) return {};
    const auto& caps = *process.capabilities;
    return {.bounding = sys::capability_set(caps.bounding),
            .effective = sys::capability_set(caps.effective),
            .permitted = sys::capability_set(caps.permitted),
            .inheritable = sys::capability_set(caps.inheritable),
            .ambient = sys::capability_set(caps.ambient)};
}

void set_ids(const Payload& payload, const ContainerUser& user) {
    if (!payload.keep_groups && ::setgroups(user.groups.size(), user.groups.data()) < 0) {
        // With one ID, setgroups is denied for good (user_namespaces(7)), and there is no group to give up
        // but the caller's.
        if (errno != EPERM || !payload.single_group || !user.groups.empty()) {
            throw SysError(errno, "set the supplementary groups");
        }
    }
    check(::setresgid(user.gid, user.gid, user.gid), "become group {} of the container", user.gid);
    check(::setresuid(user.uid, user.uid, user.uid), "become user {} of the container", user.uid);
}

/// A working directory that is not below the root (an image's WORKDIR /proc/self/fd/N on a leaked descriptor,
/// CVE-2024-21626) has a path that the kernel cannot name.
void require_cwd_inside(const std::string& cwd) {
    char path[4096];
    if (!::getcwd(path, sizeof path) || path[0] != '/') {
        throw Error("enter the working directory '{}': it is not inside the container", printable(cwd));
    }
}

void enter_cwd(const std::string& cwd) {
    if (::chdir(cwd.c_str()) < 0) {
        const auto error = SysError(errno, "enter the working directory '{}'", printable(cwd));
        if (error.is(ENOENT))
            throw Error(error).with_hint("choose another with --workdir, or make it in the image");
        throw Error(error);
    }
    require_cwd_inside(cwd);
}

void install_seccomp(const SeccompFilter& filter) {
    if (!filter.program.empty()) sys::load_seccomp(filter.program, filter.flags);
}

}  // namespace

void become_payload(const Payload& payload, const ContainerUser& user) {
    const auto& process = payload.process;
    apply_scheduling(process);
    set_limits(process);
    if (payload.personality) apply_personality(*payload.personality);
    if (process.user.umask) ::umask(*process.user.umask);
    const auto caps = capability_sets(process);
    // Root may search what the user may not, and the other way round on network file systems: one of the two
    // is enough.
    const bool entered = ::chdir(process.cwd.c_str()) == 0;
    // Without no_new_privs the filter needs CAP_SYS_ADMIN, so it comes before the capabilities go.
    if (!process.no_new_privileges) install_seccomp(payload.seccomp);
    sys::limit_bounding(caps.bounding);
    sys::keep_capabilities(true);
    set_ids(payload, user);
    if (entered) {
        require_cwd_inside(process.cwd);
    } else {
        enter_cwd(process.cwd);
    }
    sys::set_capabilities(caps);
    if (process.no_new_privileges) {
        check(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "set no_new_privs");
        install_seccomp(payload.seccomp);
    }
}

namespace {

const std::string* find_env(const std::vector<std::string>& env, const std::string& name) {
    for (const auto& var : env) {
        if (var.starts_with(name + "=")) return &var;
    }
    return nullptr;
}

/// The command as a path: as execvp(3) finds it, in the container's own PATH.
std::string find_command(const oci::Process& process) {
    const std::string& name = process.args.front();
    if (name.find('/') != std::string::npos) return name;
    const auto* var = find_env(process.env, "PATH");
    const std::string path =
        var ? var->substr(5) : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    bool found_file = false;
    for (const auto dir : split(path, ':')) {
        const std::string candidate = (dir.empty() ? std::string(".") : std::string(dir)) + "/" + name;
        struct stat st {};
        if (::stat(candidate.c_str(), &st) < 0 || !S_ISREG(st.st_mode)) continue;
        if (::access(candidate.c_str(), X_OK) == 0) return candidate;
        found_file = true;
    }
    if (found_file) {
        throw Error("execute '{}': it is found in $PATH, but is not executable", printable(name))
            .with_exit_code(kExitNotExecutable);
    }
    throw Error("execute '{}': executable file not found in $PATH", printable(name))
        .with_exit_code(kExitNotFound);
}

/// The payload's process ID in its own PID namespace: ours, or behind a reaper that of its first child.
pid_t own_pid(const Payload& payload) { return ::getpid() + (payload.reap_as_init ? 1 : 0); }

/// Nothing of ours reaches the payload, whatever was forgotten before. What exec still needs closes with it.
void close_others(const std::vector<int>& preserved, std::initializer_list<int> until_exec) {
    std::vector<int> keep = preserved;
    for (const int fd : until_exec) {
        if (fd < 0) continue;
        check(::fcntl(fd, F_SETFD, FD_CLOEXEC), "close a descriptor at exec");
        keep.push_back(fd);
    }
    sys::close_descriptors_except(std::move(keep));
    for (const int fd : preserved) check(::fcntl(fd, F_SETFD, 0), "pass file descriptor {} on", fd);
}

}  // namespace

void execute_payload(const Payload& payload, const ContainerUser& user, int stub, int exec_report) {
    const auto& process = payload.process;
    auto env = process.env;
    if (payload.activated) std::erase_if(env, [](const auto& var) { return var.starts_with("LISTEN_PID="); });
    if (!find_env(env, "HOME")) env.push_back("HOME=" + user.home);
    const std::string path = find_command(process);
    if (payload.activated) env.push_back(fmt::format("LISTEN_PID={}", own_pid(payload)));
    sys::reset_signals();
    close_others(payload.preserved_fds, {stub, exec_report});
    exec_stub(payload.reap_as_init ? StubMode::reap : StubMode::exec, stub, exec_report, path, process.args,
              env);
}

}  // namespace rpod::runtime
