// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/inspect_raw.hh"

#include <CLI/CLI.hpp>
#include <ostream>

#include "base/json.hh"
#include "base/strings.hh"
#include "cli/images.hh"
#include "image/copy_source.hh"
#include "image/manifest_list.hh"

namespace rpod::cli {
namespace {

/// Formatted, or as it is.
std::string shown_config(const std::string& bytes, bool raw) {
    if (raw) return bytes;
    const auto config = json::Value::parse(bytes, "image configuration", {.max_bytes = oci::kMaxConfigBytes});
    return json::Builder::of(config).dump(4) + "\n";
}

std::string inspect_stored(const image::ImageStore& store, const RawInspect& o, const std::string& name) {
    if (o.config) {
        const auto image = store.get(name);
        return shown_config(store.read_blob(image.id, oci::kMaxConfigBytes), o.raw);
    }
    const auto image = store.get_any(name);
    if (image.list) return oci::to_json(image::public_list(*image.list, std::nullopt));
    return store.read_blob(image.digest(), oci::kMaxManifestBytes);
}

std::string inspect_place(const image::ImageStore& store, const RawInspect& o, const image::Place& place) {
    image::Staging staging(store);
    const auto source = image::open_source(place, client_options(o.registry), staging);
    if (!o.config) return source->manifest().bytes;
    const auto manifest = image::choose_image(*source, platform_of(o.platform));
    const auto& config = std::get<oci::Manifest>(manifest.parsed).config;
    return shown_config(image::read_config(*source, config), o.raw);
}

}  // namespace

void define_raw_inspect(CLI::App& flags, RawInspect& o) {
    flags.add_flag("--config", o.config, "Show the configuration of the image at TRANSPORT:REF");
    flags.add_flag("--raw", o.raw, "Show the manifest, or with --config the configuration, byte for byte");
    define_platform(flags, o.platform);
    define_registry_access(flags, o.registry);
    define_transfer(flags, o.registry);
}

int run_raw_inspect(Context& ctx, const RawInspect& o, const Args& names) {
    if (names.size() != 1) throw Error("--raw and --config show one image");
    const auto store = open_images(ctx);
    const auto place = image::Place::parse(names[0]);
    ctx.out << in_context(
        [&] {
            if (!place || place->stored) return inspect_stored(store, o, place ? *place->stored : names[0]);
            return inspect_place(store, o, *place);
        },
        "inspect '{}'", printable(names[0]));
    return 0;
}

}  // namespace rpod::cli
