// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/prune.hh"

#include <map>

#include "cli/container_filter.hh"
#include "cli/image_events.hh"
#include "cli/image_filter.hh"
#include "cli/image_users.hh"
#include "cli/pods.hh"
#include "cli/volumes.hh"
#include "container/create.hh"
#include "container/disk_usage.hh"
#include "container/remove.hh"
#include "container/snapshot.hh"
#include "pod/life.hh"
#include "store/event_log.hh"

namespace rpod::cli {
namespace {

std::vector<std::string> idle_containers(const image::ImageStore& store, const Args& filters) {
    ContainerImages images(store);
    const auto all = container::take_snapshots(store.paths());
    PodTable pods(store.paths());
    const ContainerFilter filter(filters, all, images, pods);
    std::vector<std::string> ids;
    for (const auto& s : all) {
        if ((s.status == "created" || s.status == "exited") && filter.matches(s)) ids.push_back(s.id);
    }
    return ids;
}

}  // namespace

Pruned prune_pods(const store::Paths& paths, const Args& filters) {
    const PodFilter filter(filters);
    Pruned pruned;
    for (const auto& p : pod::take_pod_snapshots(paths)) {
        if (p.status != "Exited" || !filter.matches(p)) continue;
        try {
            pod::remove_pod(paths, p.id, {});
            pruned.names.push_back(p.id);
        } catch (const Error& e) {
            pruned.failures.push_back(e);
        }
    }
    return pruned;
}

Pruned prune_containers(const image::ImageStore& store, const Args& filters, Measure measure) {
    const auto& paths = store.paths();
    const auto ids = idle_containers(store, filters);
    std::map<std::string, container::DiskUsage> usage;
    if (measure == Measure::yes) usage = container::disk_usage(paths, ids);
    Pruned pruned;
    for (const auto& id : ids) {
        try {
            container::remove_container(paths, id, {});
            pruned.names.push_back(id);
            pruned.bytes += usage[id].writable_bytes;
        } catch (const Error& e) {
            pruned.failures.push_back(e);
        }
    }
    container::sweep_containers(paths);
    return pruned;
}

uint64_t layer_bytes(const std::vector<image::Image>& images) {
    std::map<oci::Digest, uint64_t> layers;
    for (const auto& image : images) {
        for (const auto& layer : image.layers) layers[layer.diff_id] = layer.size;
    }
    uint64_t sum = 0;
    for (const auto& [digest, size] : layers) sum += size;
    return sum;
}

Pruned prune_images(const image::ImageStore& store, const Args& filters, bool all) {
    const ImageFilter filter(filters, store);
    const auto images = store.list();
    Pruned pruned;
    for (const auto& image : images) {
        if ((!all && !image.names.empty()) || !filter.matches(image)) continue;
        const auto still_unused = [&] { return !image_users(store.paths()).contains(image.id); };
        // What a manifest list has is needed.
        if (!store.lists_with(image).empty() || !store.remove(image, still_unused)) continue;
        note_image(store.paths(), "remove", image.id, {});
        pruned.names.push_back(image.id.hex());
    }
    if (!pruned.names.empty()) {
        const auto before = layer_bytes(images), after = layer_bytes(store.list());
        pruned.bytes = before > after ? before - after : 0;
    }
    return pruned;
}

std::vector<std::string> unused_volumes(const store::Paths& paths, const Args& filters) {
    const auto users = container::volume_users(paths);
    const VolumeFilter filter(filters, paths, users);
    std::vector<std::string> unused;
    for (const auto& volume : container::list_volumes(paths)) {
        if (!users.contains(volume.name) && filter.matches(volume)) unused.push_back(volume.name);
    }
    return unused;
}

Pruned prune_volumes(const store::Paths& paths, const Args& filters, Measure measure) {
    const auto unused = unused_volumes(paths, filters);
    std::map<std::string, uint64_t> sizes;
    if (measure == Measure::yes) sizes = container::volume_sizes(paths, unused);
    Pruned pruned;
    for (const auto& name : container::remove_volumes(paths, unused)) {
        store::note_event(paths, {.type = "volume", .status = "prune", .name = name});
        pruned.names.push_back(name);
        pruned.bytes += sizes[name];
    }
    return pruned;
}

}  // namespace rpod::cli
