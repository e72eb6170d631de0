// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/ensure_image.hh"

#include "base/log.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/with_display.hh"
#include "image/manifest_list.hh"
#include "image/place.hh"
#include "image/pull.hh"
#include "image/registry_pull.hh"

namespace rpod::cli {
namespace {

using container::PullPolicy;

bool wants_pull(PullPolicy policy, const std::string& name, const std::optional<image::Image>& image,
                const image::RemotePull& pull) {
    if (!image) return policy != PullPolicy::never;
    if (policy == PullPolicy::always) return true;
    if (policy != PullPolicy::newer) return false;
    try {
        return !image::is_current(*image, name, pull);
    } catch (const Error& e) {
        log::warn("{}; running the image that is here", e.what());
        return false;
    }
}

/// The image for this machine of a manifest list that has it elsewhere.
void pull_for_list(Context& ctx, const image::ImageStore& store, const image::Image& list,
                   const RegistryOptions& options, bool quiet) {
    const auto& entry = oci::choose_platform(*list.list, oci::host_platform());
    const auto source = image::list_source(entry);
    if (source.empty() || store.find_manifest(entry.digest)) return;
    const auto place = image::Place::require(source);
    const image::RemotePull pull{.options = client_options(options)};
    with_display(ctx, quiet, pull, [&](const auto& shown, const auto& progress) {
        if (place.files) return image::pull_local(store, *place.files, {}, progress).front();
        return image::pull_by_name(store, source, shown, progress);
    });
}

}  // namespace

void ensure_image(Context& ctx, container::ContainerConfig& config, const RegistryOptions& options,
                  bool quiet) {
    // The lookup of `run` itself says what is wrong.
    if (config.rootfs || config.pull == PullPolicy::never) return;
    const auto store = open_images(ctx);
    auto image = store.find_any(config.image);
    if (image && image->list) {
        pull_for_list(ctx, store, *image, options, quiet);
        image = store.find(config.image);
    }
    if (image && config.pull == PullPolicy::missing) return;
    // Where an image was found under its full name, that is what registries know.
    const std::string name = image && image->found_as ? image->found_as->str() : config.image;
    const image::RemotePull pull{.options = client_options(options)};
    if (!wants_pull(config.pull, name, image, pull)) return;
    const auto added = with_display(ctx, quiet, pull, [&](const auto& shown, const auto& progress) {
        return image::pull_by_name(store, name, shown, progress);
    });
    note_image(store.paths(), "pull", added.id, name);
    if (!store.find(config.image)) config.image = added.names.front().str();
}

}  // namespace rpod::cli
