// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// inspect, image inspect, container inspect.
#include <CLI/CLI.hpp>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_inspect.hh"
#include "cli/health_view.hh"
#include "cli/images.hh"
#include "cli/inspect_place.hh"
#include "cli/stores.hh"
#include "cli/template.hh"
#include "image/chain.hh"

namespace rpod::cli {
namespace {

using Show = DataObject::Show;

Data set_of(const std::set<std::string>& names) {
    DataMap out;
    for (const auto& name : names) out.emplace(name, DataObject{.type = "struct {}"});
    return out;
}

DataObject make_config(const oci::RunConfig& c) {
    DataObject o{.type = "v1.ImageConfig"};
    const auto add = [&](const char* name, Data value) {
        o.add(name, std::move(value), {}, Show::unless_empty);
    };
    add("User", c.user);
    add("ExposedPorts", set_of(c.exposed_ports));
    add("Env", Data::strings(c.env));
    add("Entrypoint", Data::strings(c.entrypoint));
    add("Cmd", Data::strings(c.cmd));
    add("Volumes", set_of(c.volumes));
    add("WorkingDir", c.working_dir);
    add("Labels", Data::string_map(c.labels));
    add("StopSignal", c.stop_signal);
    add("OnBuild", Data::strings(c.on_build));
    add("Shell", Data::strings(c.shell));
    return o;
}

Data make_history(const std::vector<oci::History>& history) {
    DataList out;
    for (const auto& h : history) {
        DataObject o{.type = "v1.History"};
        const auto created = parse_rfc3339(h.created);
        o.add("Created", created ? Data(*created) : Data(), "created", Show::unless_empty);
        o.add("CreatedBy", h.created_by, "created_by", Show::unless_empty);
        o.add("Author", h.author, "author", Show::unless_empty);
        o.add("Comment", h.comment, "comment", Show::unless_empty);
        o.add("EmptyLayer", h.empty_layer, "empty_layer", Show::unless_empty);
        out.emplace_back(std::move(o));
    }
    return out;
}

DataObject make_rootfs(const image::Image& image) {
    std::vector<std::string> layers;
    for (const auto& layer : image.layers) layers.push_back(layer.diff_id.str());
    DataObject o{.type = "inspect.RootFS"};
    o.add("Type", "layers").add("Layers", Data::strings(layers));
    return o;
}

/// Where the image is: podman's drivers say here which directories they mount.
DataObject make_driver(const image::Image& image, const store::Paths& paths) {
    std::vector<oci::Digest> diff_ids;
    for (const auto& layer : image.layers) diff_ids.push_back(layer.diff_id);
    DataObject o{.type = "define.DriverData"};
    o.add("Name", "rpod");
    const auto index = paths.chain_indexes() / image::chain_id(diff_ids).hex();
    o.add("Data", Data::string_map({{"ChainIndex", index.native()}, {"Blobs", paths.blobs().native()}}));
    return o;
}

/// Of the manifest with which it came, or was made.
std::string manifest_type(const image::ImageStore& store, const image::Image& image) {
    const auto digest = image.digest();
    const auto manifest = oci::parse_manifest_or_index(store.read_blob(digest, oci::kMaxManifestBytes), {},
                                                       "manifest " + digest.str());
    return std::visit([](const auto& m) { return m.media_type; }, manifest);
}

DataObject make_image(const image::Image& image, const store::Paths& paths,
                      const std::string& manifest_type) {
    std::vector<std::string> names;
    for (const auto& name : image.names) names.push_back(name.str());
    const auto& config = image.config;
    const auto comment = config.history.empty() ? std::string() : config.history.back().comment;
    const auto labels = Data::string_map_or_nil(config.config.labels);
    DataObject o{.type = "inspect.ImageData"};
    o.add("ID", image.id.hex(), "Id").add("Id", image.id.hex(), {}, Show::templates);
    o.add("Digest", image.digest().str());
    o.add("RepoTags", Data::strings(names)).add("RepoDigests", Data::strings(image.repo_digests()));
    o.add("Parent", "").add("Comment", comment);
    const auto created = parse_rfc3339(config.created);
    o.add("Created", created ? Data(*created) : Data());
    o.add("Config", make_config(config.config));
    o.add("Version", "").add("Author", config.author);
    o.add("Architecture", config.platform.architecture).add("Os", config.platform.os);
    o.add("Variant", config.platform.variant, {}, Show::unless_empty);
    o.add("Size", image.size()).add("VirtualSize", image.size());
    o.add("GraphDriver", make_driver(image, paths)).add("RootFS", make_rootfs(image));
    o.add("Labels", labels).add("Annotations", DataMap{});
    o.add("ManifestType", manifest_type).add("User", config.config.user);
    o.add("History", make_history(config.history)).add("NamesHistory", Data::strings(names));
    o.add("HealthCheck", view_of(config.config.healthcheck), "Healthcheck", Show::unless_empty);
    return o;
}

struct InspectOptions {
    std::string format;
    std::string type = "all";
    bool latest = false;
    bool size = false;
    std::optional<PlaceInspect> place{};  ///< images that are elsewhere are shown too
};

using Inspector = std::optional<Data> (*)(const Context&, const std::string&, const InspectOptions&);

/// A kind of thing that --type names. The command without --type asks them in this order.
struct Kind {
    std::string_view name;
    Inspector inspect;
};
constexpr std::array kKinds{
    Kind{"container", [](const Context& ctx, const std::string& name,
                         const InspectOptions& o) { return inspect_container(ctx, name, o.size); }},
    Kind{"image", [](const Context& ctx, const std::string& name, const InspectOptions& o) {
             auto stored = inspect_image(ctx, name);
             return stored || !o.place ? std::move(stored) : inspect_place(ctx, *o.place, name);
         }}};

std::optional<Data> inspect_one(const Context& ctx, const InspectOptions& o, const std::string& name) {
    for (const auto& kind : kKinds) {
        if (o.type != "all" && o.type != kind.name) continue;
        if (auto data = kind.inspect(ctx, name, o)) return data;
    }
    return std::nullopt;
}

void require_type(const std::string& type) {
    std::vector<std::string> known{"all"};
    for (const auto& kind : kKinds) known.emplace_back(kind.name);
    if (std::find(known.begin(), known.end(), type) != known.end()) return;
    throw Error("--type '{}' is not supported, choose from: {}", printable(type), join(known, ", "));
}

std::string not_found(const std::string& type, const std::string& name) {
    if (type == "image") return printable(name) + ": image not known";
    if (type == "container") return fmt::format("no such container {}", printable(name));
    return fmt::format("no such object: \"{}\"", printable(name));
}

int run_inspect(Context& ctx, const InspectOptions& o, Args names) {
    if (o.latest) {
        if (!names.empty()) throw Error("--latest and arguments cannot be used together");
        names.push_back(container::latest_container(open_store(ctx)));
    }
    if (names.empty()) throw Error("no names or ids specified");
    require_type(o.type);
    DataList found;
    std::vector<std::string> problems;
    for (const auto& name : names) {
        if (auto data = inspect_one(ctx, o, name)) {
            found.push_back(*std::move(data));
        } else {
            problems.push_back(not_found(o.type, name));
        }
    }
    if (o.format.empty() || o.format == "json") {
        ctx.out << Data(found).to_json().dump(5) << "\n";
    } else {
        const Template format("inspect", o.format);
        for (const auto& item : found) {
            ctx.out << in_context([&] { return format.run(item); }, "printing inspect output") << "\n";
        }
    }
    if (!problems.empty()) throw Error("inspecting object: {}", join(problems, "\ninspecting object: "));
    return 0;
}

void define_format(CLI::App& flags, InspectOptions& o) {
    flags.add_option("-f,--format", o.format, "\"json\", or a Go template for each")->type_name("TEMPLATE");
}

void define_container_flags(CLI::App& flags, InspectOptions& o) {
    flags.add_flag("-l,--latest", o.latest, "Of the container that was made last");
    flags.add_flag("-s,--size", o.size, "Show the sizes of containers");
}

Action define_container_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<InspectOptions>();
    o->type = "container";
    define_format(flags, *o);
    define_container_flags(flags, *o);
    return [o, &ctx](const Args& args) { return run_inspect(ctx, *o, args); };
}

Action define_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<InspectOptions>();
    define_format(flags, *o);
    define_container_flags(flags, *o);
    flags.add_option("-t,--type", o->type, "What the names are names of (default all)")->type_name("TYPE");
    return [o, &ctx](const Args& args) { return run_inspect(ctx, *o, args); };
}

Action define_image_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<InspectOptions>();
    o->type = "image";
    define_format(flags, *o);
    define_place_inspect(flags, o->place.emplace());
    return [o, &ctx](const Args& args) {
        return o->place->wants_document() ? show_document(ctx, *o->place, args) : run_inspect(ctx, *o, args);
    };
}

}  // namespace

std::optional<Data> inspect_image(const Context& ctx, const std::string& name) {
    const auto store = open_images(ctx);
    const auto image = store.find(name);
    if (!image) return std::nullopt;
    return Data(make_image(*image, store.paths(), manifest_type(store, *image)));
}

std::vector<Command> inspect_commands() {
    return {Command{.name = "inspect",
                    .arguments = "[options] CONTAINER|IMAGE [CONTAINER|IMAGE...]",
                    .summary = "Show all that is known of an object",
                    .define = define_inspect},
            Command{.name = "container inspect",
                    .arguments = "[options] CONTAINER [CONTAINER...]",
                    .summary = "Show all that is known of a container",
                    .define = define_container_inspect},
            Command{.name = "image inspect",
                    .arguments = "[options] IMAGE [IMAGE...]",
                    .summary = "Show all that is known of an image",
                    .define = define_image_inspect}};
}

}  // namespace rpod::cli
