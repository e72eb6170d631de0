// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/bundle.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <system_error>

#include "base/error.hh"
#include "container/plan.hh"
#include "container/spawn.hh"
#include "runtime/mount_options.hh"
#include "runtime/spec_check.hh"
#include "store/names.hh"
#include "sys/file.hh"
#include "sys/process.hh"
#include "sys/signals.hh"

namespace rpod::container {
namespace {

namespace fs = std::filesystem;

std::vector<userns::GivenExtent> host_extents(const std::vector<oci::IdMapping>& mappings) {
    std::vector<userns::GivenExtent> extents;
    for (const auto& m : mappings) {
        extents.push_back({.extent = {.inside = m.container_id, .outside = m.host_id, .size = m.size},
                           .outside_is_host = true});
    }
    return extents;
}

/// A spec without a user namespace wants to be root of the caller's: all that we can be is root of the
/// session's.
void plan_user_namespace(runtime::LaunchPlan& plan) {
    auto& linux_part = plan.spec.linux;
    if (!linux_part.uid_mappings.empty() || !linux_part.gid_mappings.empty()) {
        plan.id_map = userns::MapGiven{.uids = host_extents(linux_part.uid_mappings),
                                       .gids = host_extents(linux_part.gid_mappings)};
    }
    if (!linux_part.find_namespace(oci::NamespaceType::user)) {
        linux_part.namespaces.push_back({.type = oci::NamespaceType::user, .path = {}});
    }
}

void make_sources_absolute(oci::RuntimeSpec& spec, const fs::path& bundle) {
    for (auto& mount : spec.mounts) {
        const bool binds = mount.type == "bind" || runtime::parse_mount_options(mount.options).bind;
        if (binds && !mount.source.starts_with('/')) mount.source = bundle / mount.source;
    }
}

/// Nothing that is mounted on "/" can be found there.
bool is_root(const fs::path& path) {
    std::error_code none;
    return fs::equivalent(path, "/", none);
}

/// Without the dots and slashes at its end that hooks would have to read.
fs::path absolute_directory(const fs::path& path) {
    const auto normal = fs::absolute(path).lexically_normal();
    return normal.has_filename() ? normal : normal.parent_path();
}

runtime::LaunchPlan plan_bundle(const store::Paths& paths, const std::string& id, const fs::path& bundle,
                                const fs::path& directory) {
    const auto config = bundle / "config.json";
    runtime::LaunchPlan plan;
    plan.name = id;
    plan.spec = oci::RuntimeSpec::parse(sys::read_file(config, 4 << 20), config);
    in_context([&] { runtime::check_spec(plan.spec); }, "{}", config.native());
    plan.root.directory = directory;
    const auto root = bundle / plan.spec.root.path;
    plan.root.source = runtime::DirectoryRoot{.path = root, .in_place = !is_root(root)};
    plan.hooks.bundle = bundle;
    make_sources_absolute(plan.spec, bundle);
    plan_user_namespace(plan);
    const auto* network = plan.spec.linux.find_namespace(oci::NamespaceType::network);
    if (network && network->path.empty()) plan.network.mode = runtime::NetworkMode::loopback;
    plan.stdio = plan.spec.process.terminal ? runtime::Stdio::terminal : runtime::Stdio::inherit;
    take_console_size(plan.spec);
    plan.seccomp = runtime::plan_seccomp(plan.spec, paths.seccomp_cache());
    return plan;
}

/// What a monitor that was killed has left.
bool is_left_over(const fs::path& directory) {
    const auto alive = sys::find_at(AT_FDCWD, directory / "alive", O_RDWR);
    return alive && !sys::lock_holder(alive->get());
}

/// Whoever makes it has the ID.
void make_directory(const fs::path& directory, const std::string& id, const fs::path& bundle) {
    sys::make_dirs(directory.parent_path(), 0711);
    if (is_left_over(directory)) sys::remove_tree_at(AT_FDCWD, directory);
    if (::mkdir(directory.c_str(), 0711) == 0) return;
    if (errno == EEXIST)
        throw Error("run bundle '{}': a container with the ID {} exists", bundle.native(), id);
    throw SysError(errno, "create directory '{}'", directory.native());
}

/// rpod:hooks, for a bundle that has hooks for it.
class HookProcess {
  public:
    /// From here on the plan holds our end of it, which the monitor takes over.
    explicit HookProcess(runtime::LaunchPlan& plan) {
        const auto& hooks = plan.spec.hooks;
        if (!runtime::has_caller_hooks(hooks)) return;
        auto [ours, theirs] = sys::Channel::make_pair();
        const runtime::HookHost host{.hooks = hooks,
                                     .state = {.oci_version = plan.spec.oci_version,
                                               .id = plan.name,
                                               .status = {},
                                               .pid = {},
                                               .bundle = plan.hooks.bundle,
                                               .annotations = plan.spec.annotations}};
        pid_ = sys::fork_child("rpod:hooks", [&, &launcher = theirs] {
            sys::close_descriptors_except({launcher.fd()});
            // What the terminal sends to the command does not concern it; it ends by itself.
            check(::setsid(), "start a session");
            sys::ignore_sigpipe();
            return runtime::serve_hooks(host, launcher);
        });
        plan.hooks.caller.emplace(std::move(ours));
    }

    /// Returns when the last hook has ended.
    void finish(runtime::LaunchPlan& plan) const {
        plan.hooks.caller.reset();
        if (pid_ > 0) sys::wait_for(pid_);
    }

  private:
    pid_t pid_ = -1;
};

}  // namespace

int run_bundle(const store::Paths& paths, const std::string& id, const fs::path& bundle) {
    store::require_valid_name(id);
    store::open_run(paths);
    const auto directory = paths.run() / "oci" / id;
    make_directory(directory, id, bundle);
    const auto remove = [directory] { sys::remove_tree_at(AT_FDCWD, directory); };
    MonitorJob job;
    job.id = id;
    job.directory = directory;
    job.release = [] {};
    job.clean_up = remove;
    try {
        job.plan = plan_bundle(paths, id, absolute_directory(bundle), directory);
    } catch (...) {
        remove();
        throw;
    }
    const bool tty = job.plan.stdio == runtime::Stdio::terminal;
    const auto* pids = job.plan.spec.linux.find_namespace(oci::NamespaceType::pid);
    job.own_pid_namespace = pids && pids->path.empty();
    HookProcess hooks(job.plan);
    std::optional<sys::ExitStatus> status;
    try {
        status = run_monitored(
            paths, job, {},
            {.attach = {.streams = {.in = tty, .out = tty, .err = tty}, .tty = tty}, .when_created = {}});
    } catch (...) {
        hooks.finish(job.plan);
        // Where no monitor came to be, nobody else removes it.
        ::rmdir(directory.c_str());
        throw;
    }
    hooks.finish(job.plan);
    return status->shell_code();
}

}  // namespace rpod::container
