// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/run.hh"

#include <unistd.h>

#include "base/error.hh"
#include "container/create.hh"
#include "container/events.hh"
#include "container/find.hh"
#include "container/health_plan.hh"
#include "container/id_file.hh"
#include "container/image_name.hh"
#include "container/notify.hh"
#include "container/publish.hh"
#include "container/remove.hh"
#include "container/secret_files.hh"
#include "container/volumes_from.hh"
#include "image/image_store.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

/// What the image says of its containers; nothing with --rootfs.
std::optional<oci::RunConfig> record_image(const store::Paths& paths, ContainerConfig& config) {
    if (config.rootfs) return std::nullopt;
    auto image = image::ImageStore(paths).get(config.image);
    config.image_id = image.id.hex();
    config.image_name = full_image_name(config.image, image);
    return std::move(image.config.config);
}

/// What its start would find wrong with its health check.
void check_health(const ContainerConfig& config, const std::optional<oci::RunConfig>& image) {
    const auto plan = plan_health(config.health, image ? &*image : nullptr);
    if (!plan && parse_notify_mode(notify_mode_of(config)) == NotifyMode::healthy)
        throw Error("sdnotify policy \"healthy\" requires a healthcheck to be set");
}

void make_room(const store::Paths& paths, const ContainerConfig& config, bool replace) {
    if (!replace || config.name.empty()) return;
    const auto owner = container_names(paths).owner(config.name);
    if (owner && sys::find_at(AT_FDCWD, paths.containers() / *owner, O_PATH))
        remove_container(paths, *owner, {.force = true, .anonymous_volumes = false});
    sweep_containers(paths);
}

}  // namespace

void create_container(const store::Paths& paths, ContainerConfig& config, bool replace) {
    sweep_containers(paths);
    const auto image = record_image(paths, config);
    check_health(config, image);
    make_room(paths, config, replace);
    take_volumes_from(paths, config);
    resolve_secrets(paths, config);
    choose_ports(config, image ? &*image : nullptr);
    IdFile cid_file(config.cidfile);
    create(paths, config, false);
    note_event(paths, config, "create");
    cid_file.write(config.id);
    cid_file.keep();
}

std::optional<sys::ExitStatus> run_container(const store::Paths& paths, ContainerConfig& config, bool replace,
                                             const StartRequest& request, const Starter& starter) {
    sweep_containers(paths);
    const auto image = record_image(paths, config);
    check_health(config, image);
    make_room(paths, config, replace);
    take_volumes_from(paths, config);
    resolve_secrets(paths, config);
    auto listeners = publish_ports(config, image ? &*image : nullptr);
    IdFile cid_file(config.cidfile);
    auto created = create(paths, config, true);
    note_event(paths, config, "create");
    cid_file.write(config.id);
    try {
        const auto status = starter(paths, config, created.making, request, std::move(listeners));
        cid_file.keep();
        return status;
    } catch (...) {
        // What failed before there was a payload that could be started leaves nothing behind.
        if (created.making) {
            // With --rm the monitor may have done it, and told it.
            if (sys::find_at(AT_FDCWD, created.directory, O_PATH)) note_event(paths, config, "remove");
            withdraw(paths, config.id, config.name);
            created.making.reset();
            sweep_containers(paths);
        }
        throw;
    }
}

}  // namespace rpod::container
