// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/volume_store.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <variant>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/config.hh"
#include "container/find.hh"
#include "container/session.hh"
#include "store/event_log.hh"
#include "store/lock.hh"
#include "store/names.hh"
#include "store/record.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

constexpr store::RecordKind kVolume{.file = "volume.json", .version = 1};

std::string option(const Volume& volume, const std::string& key) {
    const auto it = volume.options.find(key);
    return it == volume.options.end() ? std::string() : it->second;
}

/// The directory that a volume of the type "bind" stands for; empty for a plain one.
std::string bind_target(const Volume& volume) {
    for (const auto& [key, value] : volume.options) {
        if (key != "type" && key != "device" && key != "o")
            throw Error("volume option '{}' is not supported: type, device and o are", printable(key));
    }
    const auto type = option(volume, "type");
    const auto flags = option(volume, "o");
    const auto words = split(flags, ',');
    const bool bind = type == "bind" || std::find_if(words.begin(), words.end(), [](std::string_view w) {
                                            return w == "bind" || w == "rbind";
                                        }) != words.end();
    if (!bind && (!type.empty() || !flags.empty())) {
        throw Error("volume option type={}: only bind is supported yet",
                    printable(type.empty() ? flags : type))
            .with_hint("for a tmpfs give the container --tmpfs or --mount type=tmpfs");
    }
    if (!bind) return {};
    for (const auto word : words) {
        if (!word.empty() && word != "bind" && word != "rbind" && word != "rw")
            throw Error("volume option o={}: give it where the volume is mounted", printable(word));
    }
    const auto device = option(volume, "device");
    if (!device.starts_with('/'))
        throw Error("volume option device='{}': expected an absolute path", printable(device));
    sys::open_file(device, O_PATH | O_DIRECTORY);
    return device;
}

void make_data(const std::filesystem::path& directory, const std::string& target) {
    const auto data = directory / "_data";
    if (!target.empty()) {
        check(::symlink(target.c_str(), data.c_str()), "create '{}'", data.native());
        return;
    }
    check(::mkdir(data.c_str(), 0755), "create directory '{}'", data.native());
    check(::chmod(data.c_str(), 0755), "set the mode of '{}'", data.native());
}

void write_record(const std::filesystem::path& directory, const Volume& volume) {
    auto record = store::make_record(kVolume);
    record.set("name", volume.name)
        .set("anonymous", volume.anonymous)
        .set("created", format_time(volume.created));
    if (!volume.labels.empty()) record.set("labels", json::Builder::of(volume.labels));
    if (!volume.options.empty()) record.set("options", json::Builder::of(volume.options));
    if (volume.uid) record.set("uid", *volume.uid);
    if (volume.gid) record.set("gid", *volume.gid);
    store::replace_record(sys::open_file(directory, O_PATH | O_DIRECTORY).get(), kVolume, record);
}

/// IDs of containers are IDs of the session, where only its root gives files away.
void give_away(const store::Paths& paths, const std::filesystem::path& data, const Volume& volume) {
    if (!volume.uid && !volume.gid) return;
    const pid_t worker = userns::spawn_in_session(
        session_files(paths), userns::current_identity(), {.role = "rpod:volume"}, [&](int) {
            check(::lchown(data.c_str(), volume.uid.value_or(0), volume.gid.value_or(0)),
                  "give '{}' to {}:{}", data.native(), volume.uid.value_or(0), volume.gid.value_or(0));
            return 0;
        });
    if (!sys::wait_for(worker).ok()) throw Error("give the volume '{}' to its owner failed", volume.name);
}

std::optional<uint32_t> id_in(const json::Value& record, const char* key) {
    const auto value = record.find(key);
    if (!value) return std::nullopt;
    return static_cast<uint32_t>(value->as_uint(UINT32_MAX));
}

std::optional<Volume> read_volume(const store::Paths& paths, const std::string& name) {
    const auto directory = sys::find_at(AT_FDCWD, paths.volumes() / name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) return std::nullopt;
    const auto record = store::find_record(directory->get(), kVolume, "volume " + name);
    if (!record) return std::nullopt;
    return Volume{.name = name,
                  .anonymous = record->bool_or("anonymous", false),
                  .created = parse_time(record->at("created").as_string()),
                  .labels = record->string_map_or_empty("labels"),
                  .options = record->string_map_or_empty("options"),
                  .uid = id_in(*record, "uid"),
                  .gid = id_in(*record, "gid")};
}

}  // namespace

std::filesystem::path volume_data(const store::Paths& paths, const std::string& name) {
    return paths.volumes() / name / "_data";
}

Volume create_volume(const store::Paths& paths, Volume volume) {
    if (volume.name.empty()) volume.name = sys::random_hex(32);
    store::require_valid_name(volume.name);
    const auto target = bind_target(volume);
    if (!target.empty() && (volume.uid || volume.gid))
        throw Error("volume '{}': the directory of a bind keeps its owner", volume.name);
    volume.created = std::chrono::system_clock::now();
    sys::make_dirs(paths.volumes());
    const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
    if (sys::find_at(AT_FDCWD, paths.volumes() / volume.name, O_PATH | O_NOFOLLOW))
        throw Error("volume with name {} already exists: volume already exists", volume.name);
    // Under a name that says so while it is half made; the rename is its birth.
    const auto temporary = paths.volumes() / (".tmp-" + volume.name);
    sys::remove_tree_at(AT_FDCWD, temporary);
    check(::mkdir(temporary.c_str(), 0755), "create directory '{}'", temporary.native());
    // A container's root that is another ID than the caller passes through to _data.
    check(::chmod(temporary.c_str(), 0755), "set the mode of '{}'", temporary.native());
    make_data(temporary, target);
    give_away(paths, temporary / "_data", volume);
    write_record(temporary, volume);
    check(::rename(temporary.c_str(), (paths.volumes() / volume.name).c_str()), "create volume '{}'",
          volume.name);
    store::note_event(paths, {.type = "volume", .status = "create", .name = volume.name});
    return volume;
}

std::vector<Volume> list_volumes(const store::Paths& paths) {
    std::vector<Volume> volumes;
    const auto fd = sys::find_at(AT_FDCWD, paths.volumes(), O_RDONLY | O_DIRECTORY);
    if (!fd) return volumes;
    auto names = sys::list_dir(fd->get());
    std::sort(names.begin(), names.end());
    for (const auto& name : names) {
        if (!store::is_valid_name(name)) continue;
        try {
            if (auto volume = read_volume(paths, name)) volumes.push_back(*std::move(volume));
        } catch (const Error& e) {
            log::warn("volume {}: {}", name, e.what());
        }
    }
    return volumes;
}

std::optional<Volume> find_volume(const store::Paths& paths, const std::string& name) {
    if (!store::is_valid_name(name)) return std::nullopt;
    if (auto volume = read_volume(paths, name)) return volume;
    std::vector<std::string> fitting;
    for (const auto& volume : list_volumes(paths)) {
        if (volume.name.starts_with(name)) fitting.push_back(volume.name);
    }
    if (fitting.size() > 1)
        throw Error("more than one result for volume name {}: volume already exists", printable(name));
    return fitting.empty() ? std::nullopt : read_volume(paths, fitting.front());
}

std::map<std::string, std::vector<std::string>> volume_users(const store::Paths& paths) {
    std::map<std::string, std::vector<std::string>> users;
    for (const auto& id : container_ids(paths)) {
        const auto directory = paths.containers() / id;
        const auto file = directory / "config.json";
        const auto text = sys::find_file(file);
        if (!text) continue;
        const auto config = config_from_json(*text, file);
        for (const auto& mount : config.mounts) {
            const auto* volume = std::get_if<VolumeMount>(&mount);
            if (volume && !volume->name.empty()) users[volume->name].push_back(id);
        }
        const auto anonymous = sys::find_file(directory / "anonymous-volumes");
        if (!anonymous) continue;
        for (const auto name : split(trim(*anonymous), '\n')) users[std::string(name)].push_back(id);
    }
    return users;
}

std::vector<std::string> remove_volumes(const store::Paths& paths, const std::vector<std::string>& names) {
    std::vector<std::string> gone;
    const auto parent = sys::find_at(AT_FDCWD, paths.volumes(), O_RDONLY | O_DIRECTORY);
    if (!parent) return gone;
    {
        // Containers are made under the lock: none begins to use one of these meanwhile.
        const auto lock = store::StoreLock::acquire(paths, sys::LockKind::exclusive);
        const auto users = volume_users(paths);
        for (const auto& name : names) {
            if (users.contains(name)) continue;
            const auto temporary = ".tmp-" + name;
            if (::renameat(parent->get(), name.c_str(), parent->get(), temporary.c_str()) == 0)
                gone.push_back(name);
        }
    }
    if (gone.empty()) return gone;
    const pid_t worker = userns::spawn_in_session(session_files(paths), userns::current_identity(),
                                                  {.role = "rpod:volume"}, [&](int) {
                                                      for (const auto& name : gone)
                                                          sys::remove_tree_at(parent->get(), ".tmp-" + name);
                                                      return 0;
                                                  });
    sys::wait_for(worker);
    for (const auto& name : gone)
        store::note_event(paths, {.type = "volume", .status = "remove", .name = name});
    return gone;
}

}  // namespace rpod::container
