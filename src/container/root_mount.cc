// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/root_mount.hh"

#include <unistd.h>

#include <csignal>

#include "base/error.hh"
#include "base/log.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/find.hh"
#include "container/plan.hh"
#include "container/record.hh"
#include "container/root_holder.hh"
#include "image/image_store.hh"
#include "store/record.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

constexpr store::RecordKind kMount{.file = "mount.json", .version = 1};

/// mount.json: {"version":1,"count":1,"pid":1234,"start":5678,"unshare":"1200 5600 mnt:[4026532201]"}
/// Written by commands that have locked the container.
struct MountRecord {
    uint64_t count = 0;
    pid_t pid = 0;  ///< of rpod:mount, as /proc counts it
    uint64_t start = 0;
    std::string unshare;
};

void write_record(const std::filesystem::path& directory, const MountRecord& mount) {
    auto record = store::make_record(kMount);
    record.set("count", mount.count).set("pid", static_cast<int>(mount.pid)).set("start", mount.start);
    record.set("unshare", mount.unshare);
    store::replace_record(sys::open_file(directory, O_PATH | O_DIRECTORY).get(), kMount, record);
}

bool is_mounted(const std::filesystem::path& directory) {
    const auto lock = sys::find_at(AT_FDCWD, directory / kMountLock, O_RDONLY);
    return lock && sys::lock_holder(lock->get());
}

/// Nothing where it is not mounted, whatever the record says.
std::optional<MountRecord> find_mount(const std::filesystem::path& directory) {
    if (!is_mounted(directory)) return std::nullopt;
    const auto dir = sys::find_at(AT_FDCWD, directory, O_PATH | O_DIRECTORY);
    const auto record =
        dir ? store::find_record(dir->get(), kMount, "container " + directory.filename().native())
            : std::nullopt;
    if (!record) return std::nullopt;
    return MountRecord{.count = record->at("count").as_uint(),
                       .pid = static_cast<pid_t>(record->at("pid").as_int(1, INT32_MAX)),
                       .start = record->at("start").as_uint(),
                       .unshare = record->at("unshare").as_string()};
}

runtime::LaunchPlan plan_stored(const store::Paths& paths, ContainerConfig config,
                                const std::filesystem::path& directory) {
    // The kernel shows FUSE file systems to their own user namespace alone; overlayfs on top of one reads it
    // with the rights of whoever mounted that. The writable layer has one format under both.
    if (config.storage_driver == runtime::StorageDriver::fuse)
        config.storage_driver = runtime::StorageDriver::overlay;
    const image::ImageStore images(paths);
    const auto image = find_image(images, config);
    return make_root_plan(paths, config, image ? &*image : nullptr, images, directory);
}

RootHold plan_hold(const store::Paths& paths, const std::filesystem::path& directory,
                   const UnshareShell& shell) {
    RootHold hold{.directory = directory, .shell = shell, .running = {}, .stored = {}};
    const auto config = read_config(directory);
    hold.running = find_root_namespaces(directory);
    if (!hold.running) {
        wait_for_monitor(directory);
        hold.stored = plan_stored(paths, config, directory);
    } else if (!config.rootfs && config.storage_driver == runtime::StorageDriver::fuse) {
        throw Error(
            "container {} runs under the storage driver fuse, whose files the kernel shows in its own user "
            "namespace alone",
            config.name)
            .with_hint("rpod cp and rpod exec reach them; once it is stopped it can be mounted");
    }
    return hold;
}

void start_holder(const store::Paths& paths, const std::filesystem::path& directory,
                  const UnshareShell& shell) {
    auto hold = plan_hold(paths, directory, shell);
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid = sys::fork_child("rpod:mount", [&, &command = ours, &channel = theirs] {
        command.close();
        return hold_root(hold, channel);
    });
    theirs.close();
    const pid_t seen = sys::pid_in_proc(sys::open_pidfd(pid).get());
    const MountRecord record{
        .count = 1, .pid = seen, .start = sys::process_start(seen), .unshare = shell.text()};
    // Before it mounts: where we die, others know of it; and where we died before this, it ends.
    write_record(directory, record);
    const auto answer = ours.receive();
    if (answer && static_cast<HoldStage>(answer->kind) == HoldStage::mounted) return;
    sys::wait_for(pid);
    ::unlink((directory / kMount.file).c_str());
    throw Error("mount container {}: {}", directory.filename().native(),
                answer ? answer->text : "the process that holds its root file system died");
}

void end_holder(const std::filesystem::path& directory, const MountRecord& mount) {
    try {
        const auto holder = sys::open_pidfd(mount.pid);
        // Not another process that has got its number.
        if (sys::process_start(mount.pid) == mount.start && sys::send_signal(holder.get(), SIGTERM))
            sys::wait_for_end(holder.get());
    } catch (const SysError& e) {
        if (!e.is(ESRCH)) throw;
    }
    ::unlink((directory / kMount.file).c_str());
}

}  // namespace

std::filesystem::path mount_root(const store::Paths& paths, const std::string& id,
                                 const UnshareShell& shell) {
    const auto directory = paths.containers() / id;
    const auto lock = lock_container(directory);
    auto mount = find_mount(directory);
    if (mount && mount->unshare != shell.text())
        throw Error("container {} is mounted in another rpod unshare already", id);
    if (mount) {
        ++mount->count;
        write_record(directory, *mount);
    } else {
        start_holder(paths, directory, shell);
    }
    note_event_of(paths, id, "mount");
    return directory / "merged";
}

void unmount_root(const store::Paths& paths, const std::string& id, const UnshareShell& shell, bool force) {
    const auto directory = paths.containers() / id;
    const auto lock = lock_container(directory);
    auto mount = find_mount(directory);
    if (!mount || mount->unshare != shell.text())
        throw Error("error unmounting container {}: layer is not mounted", id);
    if (--mount->count == 0 || force) {
        end_holder(directory, *mount);
    } else {
        write_record(directory, *mount);
    }
    note_event_of(paths, id, "unmount");
}

std::vector<RootMount> list_root_mounts(const store::Paths& paths, const UnshareShell& shell) {
    std::vector<RootMount> mounts;
    for (const auto& id : container_ids(paths)) {
        const auto directory = paths.containers() / id;
        const auto mount = find_mount(directory);
        if (mount && mount->unshare == shell.text())
            mounts.push_back(RootMount{.id = id, .path = directory / "merged"});
    }
    return mounts;
}

void end_root_mounts(const store::Paths& paths, const UnshareShell& shell) {
    for (const auto& mount : list_root_mounts(paths, shell)) {
        try {
            unmount_root(paths, mount.id, shell, true);
        } catch (const Error& e) {
            // Its process sees our end, too.
            log::debug("{}", e.what());
        }
    }
}

void end_root_mount(const std::filesystem::path& directory) {
    if (const auto mount = find_mount(directory)) end_holder(directory, *mount);
}

void require_unmounted(const std::filesystem::path& directory) {
    const auto mount = find_mount(directory);
    if (!mount) return;
    throw Error("container {} is mounted by rpod mount: its files cannot be used otherwise meanwhile",
                directory.filename().native())
        .with_hint("rpod unmount it, or end the rpod unshare in which it was mounted");
}

}  // namespace rpod::container
