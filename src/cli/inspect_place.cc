// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/inspect_place.hh"

#include <CLI/CLI.hpp>
#include <ostream>

#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "cli/images.hh"
#include "image/copy_source.hh"
#include "image/manifest_list.hh"
#include "oci/image_config.hh"

namespace rpod::cli {
namespace {

/// Formatted, or as it is.
std::string shown_config(const std::string& bytes, bool raw) {
    if (raw) return bytes;
    const auto config = json::Value::parse(bytes, "image configuration", {.max_bytes = oci::kMaxConfigBytes});
    return json::Builder::of(config).dump(4) + "\n";
}

std::string stored_document(const image::ImageStore& store, const PlaceInspect& o, const std::string& name) {
    if (o.config) {
        const auto image = store.get(name);
        return shown_config(store.read_blob(image.id, oci::kMaxConfigBytes), o.raw);
    }
    const auto image = store.get_any(name);
    if (image.list) return oci::to_json(image::public_list(*image.list, std::nullopt));
    return store.read_blob(image.digest(), oci::kMaxManifestBytes);
}

std::string place_document(const image::ImageStore& store, const PlaceInspect& o, const image::Place& place) {
    image::Staging staging(store);
    const auto source = image::open_source(place, client_options(o.registry), staging);
    if (!o.config) return source->manifest().bytes;
    const auto manifest = image::choose_image(*source, platform_of(o.platform));
    const auto& config = std::get<oci::Manifest>(manifest.parsed).config;
    return shown_config(image::read_config(*source, config), o.raw);
}

Data layers_data(const oci::Manifest& manifest) {
    DataList out;
    for (const auto& layer : manifest.layers) {
        DataObject o{.type = "types.ImageInspectLayer"};
        o.add("MIMEType", layer.media_type).add("Digest", layer.digest.str()).add("Size", layer.size);
        o.add("Annotations", Data::string_map_or_nil(layer.annotations));
        out.emplace_back(std::move(o));
    }
    return out;
}

/// What docker says of itself in a configuration; nobody else reads it.
std::string docker_version(const std::string& config) {
    const auto root = json::Value::parse(config, "image configuration", {.max_bytes = oci::kMaxConfigBytes});
    const auto version = root.find("docker_version");
    return version && version->is_string() ? version->as_string() : std::string();
}

/// Registries may keep that list to themselves, which is no reason to show nothing.
std::vector<std::string> list_tags(image::CopySource& source) {
    try {
        return source.tags();
    } catch (const Error& e) {
        log::warn("{}", e.what());
        return {};
    }
}

Data summarize(image::CopySource& source, const PlaceInspect& options) {
    const auto manifest = image::choose_image(source, platform_of(options.platform));
    const auto& parsed = std::get<oci::Manifest>(manifest.parsed);
    const std::string text = image::read_config(source, parsed.config);
    const auto config = oci::ImageConfig::parse(text);
    const auto repository = source.repository();
    std::vector<std::string> layers;
    for (const auto& layer : parsed.layers) layers.push_back(layer.digest.str());
    const auto created = parse_rfc3339(config.created);

    DataObject o{.type = "inspect.Output"};
    o.add("Name", repository ? repository->repository() : "", {}, DataObject::Show::unless_empty);
    o.add("Digest", source.manifest().digest().str());
    o.add("RepoTags", Data::strings(options.no_tags ? std::vector<std::string>() : list_tags(source)));
    o.add("Created", created ? Data(*created) : Data());
    o.add("DockerVersion", docker_version(text));
    o.add("Labels", Data::string_map_or_nil(config.config.labels));
    o.add("Architecture", config.platform.architecture).add("Os", config.platform.os);
    o.add("Layers", Data::strings(layers)).add("LayersData", layers_data(parsed));
    o.add("Env", Data::strings_or_nil(config.config.env));
    return o;
}

}  // namespace

void define_place_inspect(CLI::App& flags, PlaceInspect& o) {
    flags.add_flag("-n,--no-tags", o.no_tags, "Do not list the other tags of the repository");
    flags.add_flag("--config", o.config, "Show the configuration of the image at TRANSPORT:REF");
    flags.add_flag("--raw", o.raw, "Show the manifest, or with --config the configuration, byte for byte");
    define_platform(flags, o.platform);
    define_registry_access(flags, o.registry);
    define_transfer(flags, o.registry);
}

int show_document(Context& ctx, const PlaceInspect& o, const Args& names) {
    if (names.size() != 1) throw Error("--raw and --config show one image");
    const auto store = open_images(ctx);
    const auto place = image::Place::parse(names[0]);
    ctx.out << in_context(
        [&] {
            if (!place || place->stored) return stored_document(store, o, place ? *place->stored : names[0]);
            return place_document(store, o, *place);
        },
        "inspect '{}'", printable(names[0]));
    return 0;
}

std::optional<Data> inspect_place(const Context& ctx, const PlaceInspect& options, const std::string& name) {
    const auto place = image::Place::parse(name);
    if (!place || place->stored) return std::nullopt;
    return in_context(
        [&] {
            const auto store = open_images(ctx);
            image::Staging staging(store);
            const auto source = image::open_source(*place, client_options(options.registry), staging);
            return summarize(*source, options);
        },
        "inspect '{}'", printable(name));
}

}  // namespace rpod::cli
