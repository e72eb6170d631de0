// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/parse_limits.hh"
#include "container/parse_mount.hh"
#include "container/parse_secret.hh"

namespace rpod::cli {
namespace {

constexpr const char* kFiles = "Files";

/// A name below /usr/share/zoneinfo, or "local": letters, digits and "_+-" between slashes.
void check_timezone(const std::string& tz) {
    for (const auto part : split(tz, '/')) {
        const bool plain = !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                   c == '+' || c == '-';
        });
        if (!plain) throw Error("tz: unknown time zone '{}'", printable(tz));
    }
}

container::ImageVolumes parse_image_volume(const std::string& text) {
    // podman's "bind" and "anonymous" are the same.
    if (text == "anonymous" || text == "bind") return container::ImageVolumes::anonymous;
    if (text == "tmpfs") return container::ImageVolumes::tmpfs;
    if (text == "ignore") return container::ImageVolumes::ignore;
    throw Error("image-volume '{}': anonymous, tmpfs and ignore are known", printable(text));
}

/// A secret at the place of a mount, or of another secret, would hide it.
void require_free_places(const container::ContainerConfig& config) {
    std::set<std::string> taken;
    for (const auto& mount : config.mounts) taken.insert(container::destination_of(mount));
    for (const auto& secret : config.secrets) {
        if (!secret.env && !taken.insert(secret.target).second)
            throw Error("secret {}: '{}' is taken already", printable(secret.name), printable(secret.target));
    }
}

}  // namespace

uint64_t parse_shm_size(const std::string& text) {
    const auto size = parse_size(text);
    if (!size) throw Error("shm-size: '{}' is not a size such as 64m", printable(text));
    return *size;
}

void add_file_flags(CLI::App& app, FileOptions& o) {
    app.add_flag("--rootfs", o.rootfs,
                 "The first argument is a directory, not an image; DIR:O keeps it unchanged")
        ->group(kFiles);
    app.add_option("-v,--volume", o.volumes, "Mount a directory or file of the host, or a volume")
        ->type_name("[SOURCE:]DEST[:OPTIONS]")
        ->group(kFiles);
    app.add_option("--mount", o.mounts,
                   "Mount what comma-separated fields describe: bind, volume, tmpfs, devpts")
        ->type_name("type=TYPE,dst=DEST,...")
        ->group(kFiles);
    app.add_option("--volumes-from", o.volumes_from, "Mount the volumes and binds of another container, too")
        ->type_name("CONTAINER[:OPTIONS]")
        ->group(kFiles);
    app.add_option("--secret", o.secrets,
                   "Give it a secret as a file, or as a variable: type=mount|env, target=, uid=, gid=, mode=")
        ->type_name("SECRET[,OPTION...]")
        ->group(kFiles);
    app.add_option("--tmpfs", o.tmpfs, "Mount a file system in memory")
        ->type_name("DEST[:OPTIONS]")
        ->group(kFiles);
    app.add_option("--image-volume", o.image_volume,
                   "What the image's volumes become: anonymous, tmpfs, ignore")
        ->type_name("MODE")
        ->group(kFiles);
    app.add_flag("--read-only", o.read_only, "Make the root file system read-only")->group(kFiles);
    app.add_flag("--read-only-tmpfs", o.read_only_tmpfs,
                 "With it, keep /run, /tmp and /var/tmp writable (default true)")
        ->group(kFiles);
    app.add_option("--device", o.devices, "Bind a device of the host")
        ->type_name("HOST[:DEST]")
        ->group(kFiles);
    app.add_option("--shm-size", o.shm_size, "Size of /dev/shm (default 64m)")
        ->type_name("SIZE")
        ->group(kFiles);
    app.add_option("--tz", o.tz, "Time zone, or local: the host's")->type_name("ZONE")->group(kFiles);
}

void apply(const FileOptions& o, const Surroundings& around, container::ContainerConfig& config) {
    for (const auto& text : o.volumes) config.mounts.push_back(container::parse_volume(text, around.cwd));
    for (const auto& text : o.mounts) config.mounts.push_back(container::parse_mount(text, around.cwd));
    for (const auto& text : o.tmpfs) config.mounts.emplace_back(container::parse_tmpfs(text));
    container::require_distinct_destinations(config.mounts);
    config.volumes_from = o.volumes_from;
    for (const auto& text : o.secrets) config.secrets.push_back(container::parse_secret(text));
    require_free_places(config);
    for (const auto& text : split_commas(o.devices)) config.devices.push_back(container::parse_device(text));
    config.image_volumes = parse_image_volume(o.image_volume);
    config.read_only = o.read_only;
    config.read_only_tmpfs = o.read_only_tmpfs;
    if (!o.shm_size.empty()) config.shm_size_bytes = parse_shm_size(o.shm_size);
    if (!o.tz.empty()) check_timezone(o.tz);
    config.tz = o.tz;
}

}  // namespace rpod::cli
