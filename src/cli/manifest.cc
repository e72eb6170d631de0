// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// manifest create, add, annotate, inspect.
#include "image/manifest_list.hh"

#include <CLI/CLI.hpp>
#include <ostream>

#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/manifests.hh"
#include "image/copy_source.hh"
#include "registry/registries_conf.hh"

namespace rpod::cli {
namespace {

struct CreateOptions {
    bool all = false;
    bool amend = false;
    std::vector<std::string> annotations;
    RegistryOptions registry;
};

struct AddOptions {
    bool all = false;
    EntryOptions entry;
    RegistryOptions registry;
};

/// Each image's entries are found before the list changes: one that is not there leaves it as it was.
std::vector<oci::Descriptor> find_all(const image::ImageStore& store, const Args& args, bool all,
                                      const RegistryOptions& registry) {
    const auto options = client_options(registry);
    std::vector<oci::Descriptor> entries;
    for (size_t i = 1; i < args.size(); ++i) {
        const auto found = image::find_entries(store, args[i], all, options);
        entries.insert(entries.end(), found.begin(), found.end());
    }
    return entries;
}

int run_create(Context& ctx, const CreateOptions& o, const Args& args) {
    const auto name = oci::Reference::parse_local(args[0]);
    if (name.digest()) throw Error("'{}': a list is not named by a digest", printable(args[0]));
    const auto store = open_images(ctx);
    const auto entries = find_all(store, args, o.all, o.registry);
    const auto annotations = parse_annotations(o.annotations);
    const auto fill = [&](oci::Index& index) {
        image::add_entries(index, entries);
        for (const auto& [key, value] : annotations) index.annotations[key] = value;
    };
    const auto there = o.amend ? store.find_any(name.with_default_tag().str()) : std::nullopt;
    if (there && !there->list) throw Error("{}: image is not a manifest list", name.with_default_tag().str());
    const auto list = [&] {
        if (there) return store.change_list(*there, fill);
        auto index = image::new_list();
        fill(index);
        return in_context([&] { return store.add_list(index, name.with_default_tag()); },
                          "creating image to hold manifest list");
    }();
    if (!there) note_image(store.paths(), "tag", list.id, name.with_default_tag().str());
    ctx.out << list.id.hex() << "\n";
    return 0;
}

Action define_create(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CreateOptions>();
    flags.add_flag("--all", o->all, "Of lists, add all images");
    flags.add_flag("-a,--amend", o->amend, "Add to a list of that name, where there is one");
    flags.add_option("--annotation", o->annotations, "Annotate the list")->type_name("KEY=VALUE");
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    return [o, &ctx](const Args& args) { return run_create(ctx, *o, args); };
}

int run_add(Context& ctx, const AddOptions& o, const Args& args) {
    const auto store = open_images(ctx);
    const auto list = get_list(store, args[0]);
    const auto changes = changes_of(o.entry);
    auto entries = find_all(store, args, o.all, o.registry);
    for (auto& entry : entries) image::apply(changes, entry);
    const auto changed =
        store.change_list(list, [&](oci::Index& index) { image::add_entries(index, entries); });
    ctx.out << changed.id.hex() << "\n";
    return 0;
}

Action define_add(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<AddOptions>();
    flags.add_flag("--all", o->all, "Of a list, add all images");
    define_entry(flags, o->entry);
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    return [o, &ctx](const Args& args) { return run_add(ctx, *o, args); };
}

int run_annotate(Context& ctx, const EntryOptions& o, const Args& args) {
    const auto store = open_images(ctx);
    const auto list = get_list(store, args[0]);
    const auto changes = changes_of(o);
    const auto digest = entry_digest(store, args[1]);
    const auto changed = store.change_list(
        list, [&](oci::Index& index) { image::apply(changes, image::entry_of(index, digest)); });
    ctx.out << changed.id.hex() << "\n";
    return 0;
}

Action define_annotate(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<EntryOptions>();
    define_entry(flags, *o);
    return [o, &ctx](const Args& args) { return run_annotate(ctx, *o, args); };
}

/// As Go writes them: docker's type and OCI's have their members in another order.
json::Builder shown_entry(const oci::Descriptor& entry, bool docker) {
    auto out = json::Builder::object();
    out.set("mediaType", entry.media_type);
    if (docker) out.set("size", entry.size);
    out.set("digest", entry.digest.str());
    if (!docker) out.set("size", entry.size);
    if (!entry.annotations.empty()) out.set("annotations", json::Builder::of(entry.annotations));
    const auto& p = entry.platform.value_or(oci::Platform{});
    auto platform = json::Builder::object();
    platform.set("architecture", p.architecture).set("os", p.os);
    if (!p.os_version.empty()) platform.set("os.version", p.os_version);
    if (!p.os_features.empty()) platform.set("os.features", json::Builder::of(p.os_features));
    if (!p.variant.empty()) platform.set("variant", p.variant);
    if (!p.features.empty()) platform.set("features", json::Builder::of(p.features));
    out.set("platform", std::move(platform));
    return out;
}

std::string shown_list(const oci::Index& list) {
    const auto format = image::shown_format(list);
    const auto index = image::public_list(list, format);
    auto out = json::Builder::object();
    out.set("schemaVersion", 2).set("mediaType", index.media_type);
    auto entries = json::Builder::array();
    for (const auto& entry : index.manifests)
        entries.push(shown_entry(entry, format == image::ListFormat::docker));
    out.set("manifests", index.manifests.empty() ? json::Builder::null() : std::move(entries));
    if (!index.annotations.empty()) out.set("annotations", json::Builder::of(index.annotations));
    return out.dump(4);
}

/// What a registry, or another place, has under a name.
image::RawManifest find_remote(const image::ImageStore& store, const std::string& text,
                               const registry::ClientOptions& options) {
    image::Staging staging(store);
    if (const auto place = image::Place::parse(text))
        return image::open_source(*place, options, staging)->manifest();
    const auto candidates = registry::RegistriesConf::load().resolve(text);
    for (const auto& candidate : candidates) {
        try {
            const auto place = image::Place::require("docker://" + candidate.str());
            return image::open_source(place, options, staging)->manifest();
        } catch (const Error&) {
            if (&candidate == &candidates.back()) throw;
        }
    }
    throw Error("internal error: '{}' means nothing", text);
}

int run_inspect(Context& ctx, const RegistryOptions& registry, const Args& args) {
    const auto store = open_images(ctx);
    const auto place = image::Place::parse(args[0]);
    const std::string name = place && place->stored ? *place->stored : args[0];
    if (!place || place->stored) {
        const auto found = store.find_any(name);
        if (found && found->list) {
            ctx.out << shown_list(*found->list) << "\n";
            return 0;
        }
        if (found) throw Error("{}: image is not a manifest list", printable(args[0]));
        if (place) throw Error("{}: image not known", printable(args[0]));
    }
    const auto raw = find_remote(store, args[0], client_options(registry));
    if (!std::holds_alternative<oci::Index>(raw.parsed)) {
        log::warn("The manifest type {} is not a manifest list but a single image.", raw.media_type);
    }
    const auto shown = json::Value::parse(raw.bytes, "manifest", {.max_bytes = oci::kMaxManifestBytes});
    ctx.out << json::Builder::of(shown).dump(4) << "\n";
    return 0;
}

Action define_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<RegistryOptions>();
    define_registry_access(flags, *o);
    define_transfer(flags, *o);
    return [o, &ctx](const Args& args) { return run_inspect(ctx, *o, args); };
}

}  // namespace

void define_entry(CLI::App& flags, EntryOptions& o) {
    flags.add_option("--annotation", o.annotations, "Annotate the image's entry")->type_name("KEY=VALUE");
    flags.add_option("--arch", o.changes.architecture, "Architecture instead of the image's own")
        ->type_name("ARCH");
    flags.add_option("--features", o.changes.features, "Features of the processor that it needs")
        ->type_name("FEATURE")
        ->delimiter(',');
    flags.add_option("--os", o.changes.os, "Operating system instead of the image's own")->type_name("OS");
    flags
        .add_option("--os-features", o.changes.os_features, "Features of the operating system that it needs")
        ->type_name("FEATURE")
        ->delimiter(',');
    flags.add_option("--os-version", o.changes.os_version, "Version of the operating system")
        ->type_name("VERSION");
    flags.add_option("--variant", o.changes.variant, "Variant of the architecture")->type_name("VARIANT");
}

std::map<std::string, std::string> parse_annotations(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> out;
    for (const auto& text : texts) {
        const auto parts = split(text, '=', 2);
        if (parts.size() != 2 || parts[0].empty())
            throw Error("no value given for annotation \"{}\"", printable(text));
        if (parts[0].starts_with("rpod.list.")) throw Error("annotations '{}' are rpod's own", parts[0]);
        out[std::string(parts[0])] = parts[1];
    }
    return out;
}

image::EntryChanges changes_of(const EntryOptions& o) {
    auto changes = o.changes;
    changes.annotations = parse_annotations(o.annotations);
    return changes;
}

image::Image get_list(const image::ImageStore& store, const std::string& name) {
    auto list = store.get_any(name);
    if (!list.list) throw Error("{}: image is not a manifest list", printable(name));
    return list;
}

oci::Digest entry_digest(const image::ImageStore& store, const std::string& text) {
    if (const auto digest = oci::Digest::try_parse(text)) return *digest;
    const auto image = text.starts_with("sha256:") ? std::nullopt : store.find_any(text);
    if (!image || image->list) {
        const bool digest_like = text.starts_with("sha256:");
        throw Error("invalid image digest \"{}\": invalid checksum digest {}", printable(text),
                    digest_like ? "length" : "format");
    }
    return image->digest();
}

std::vector<Command> manifest_commands() {
    auto commands = manifest_manage_commands();
    commands.insert(
        commands.begin(),
        {Command{.name = "manifest", .summary = "Manage manifest lists: one name for several platforms"},
         Command{.name = "manifest add",
                 .arguments = "[options] LIST IMAGE [IMAGE...]",
                 .summary = "Add images to a manifest list",
                 .arity = {.min = 2},
                 .define = define_add},
         Command{.name = "manifest annotate",
                 .arguments = "[options] LIST IMAGE",
                 .summary = "Change what a manifest list says of an image",
                 .arity = {.min = 2, .max = 2},
                 .define = define_annotate},
         Command{.name = "manifest create",
                 .arguments = "[options] LIST [IMAGE...]",
                 .summary = "Make a manifest list",
                 .arity = kOneOrMore,
                 .define = define_create},
         Command{.name = "manifest inspect",
                 .arguments = "[options] LIST",
                 .summary = "Show a manifest list, of the store or of a registry",
                 .arity = {.min = 1, .max = 1},
                 .define = define_inspect}});
    return commands;
}

}  // namespace rpod::cli
