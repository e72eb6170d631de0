// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/volume.hh"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/record.hh"
#include "container/volume_store.hh"
#include "store/event_log.hh"
#include "store/lock.hh"
#include "store/names.hh"
#include "store/record.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr const char* kAnonymous = "anonymous-volumes";
constexpr store::RecordKind kVolume{.file = "volume.json", .version = 1};

/// Complete or not at all: filled under a temporary name while the exclusive store lock is held, then
/// renamed.
void make_volume(const store::Paths& paths, const std::string& name, bool anonymous) {
    const auto temporary = paths.volumes() / (".tmp-" + name);
    sys::remove_tree_at(AT_FDCWD, temporary);
    // A container's root that is another ID than the caller passes through to _data.
    for (const auto& directory : {temporary, temporary / "_data"}) {
        check(::mkdir(directory.c_str(), 0755), "create directory '{}'", directory.native());
        check(::chmod(directory.c_str(), 0755), "set the mode of '{}'", directory.native());
    }
    auto record = store::make_record(kVolume);
    record.set("name", name)
        .set("anonymous", anonymous)
        .set("created", format_time(std::chrono::system_clock::now()));
    const auto fd = sys::open_file(temporary, O_PATH | O_DIRECTORY);
    store::replace_record(fd.get(), kVolume, record);
    check(::rename(temporary.c_str(), (paths.volumes() / name).c_str()), "create volume '{}'", name);
    store::note_event(paths, {.type = "volume", .status = "create", .name = name});
}

}  // namespace

namespace {

std::vector<std::string> noted_volumes(const std::filesystem::path& container_directory) {
    std::vector<std::string> names;
    const auto noted = sys::find_file(container_directory / kAnonymous);
    if (!noted) return names;
    for (const auto line : split(trim(*noted), '\n')) names.emplace_back(line);
    return names;
}

/// Nothing where a record cannot be read: whose volumes the others are is unknown then, and all stay.
std::optional<std::map<std::string, std::vector<std::string>>> users_or_none(const store::Paths& paths) {
    try {
        return volume_users(paths);
    } catch (const Error& e) {
        log::warn("anonymous volumes are kept: {}", e.what());
        return std::nullopt;
    }
}

}  // namespace

std::map<std::string, std::string> prepare_volumes(const store::Paths& paths,
                                                   const std::vector<Mount>& mounts,
                                                   const std::filesystem::path& container_directory) {
    std::map<std::string, std::string> directories;
    // The same ones each time it starts: their order is that of the mounts.
    const auto noted = noted_volumes(container_directory);
    std::vector<std::string> anonymous;
    for (const auto& mount : mounts) {
        const auto* volume = std::get_if<VolumeMount>(&mount);
        if (!volume) continue;
        auto name = volume->name;
        if (name.empty()) {
            const bool known = anonymous.size() < noted.size();
            name = known ? noted[anonymous.size()] : sys::random_hex(32);
            anonymous.push_back(name);
            // Noted before it is made: what a crash leaves is found again.
            if (!known) sys::replace_file(container_directory / kAnonymous, join(anonymous, "\n") + "\n");
        }
        store::require_valid_name(name);
        sys::make_dirs(paths.volumes());
        const auto data = paths.volumes() / name / "_data";
        const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
        if (!sys::find_at(AT_FDCWD, data, O_PATH)) make_volume(paths, name, volume->name.empty());
        directories[volume->destination] = data;
    }
    return directories;
}

void keep_anonymous_volumes(const std::filesystem::path& container_directory) {
    const auto path = container_directory / kAnonymous;
    if (::unlink(path.c_str()) < 0 && errno != ENOENT) throw SysError(errno, "remove '{}'", path.native());
}

void remove_anonymous_volumes(const store::Paths& paths, const std::filesystem::path& container_directory) {
    const auto noted = noted_volumes(container_directory);
    if (noted.empty()) return;
    const auto parent = sys::open_file(paths.volumes(), O_RDONLY | O_DIRECTORY);
    const auto users = users_or_none(paths);
    if (!users) return;
    for (const auto& name : noted) {
        // Another container may have it by --volumes-from.
        if (!store::is_valid_name(name) || users->contains(name)) continue;
        const auto temporary = ".tmp-" + name;
        if (::renameat(parent.get(), name.c_str(), parent.get(), temporary.c_str()) < 0 && errno != ENOENT) {
            throw SysError(errno, "remove volume '{}'", name);
        }
        sys::remove_tree_at(parent.get(), temporary);
        store::note_event(paths, {.type = "volume", .status = "remove", .name = name});
    }
}

}  // namespace rpod::container
