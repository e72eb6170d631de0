// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>

#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/registry_options.hh"
#include "cli/transfer_options.hh"
#include "image/copy.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct PushFlags {
    std::string compression, format, digestfile, policy;
    std::optional<int> level;
    bool compress = false;
    bool quiet = false;
    bool disable_content_trust = false;
    bool remove_signatures = false;
    RegistryOptions registry;
};

/// SOURCE's own name, or where DESTINATION says.
image::Place parse_destination(const image::Image& image, const Args& args) {
    if (args.size() < 2) {
        if (image.found_as && !image.found_as->digest()) return {.remote = *image.found_as};
        if (!image.names.empty()) return {.remote = image.names.front()};
        throw Error("{}: the image has no name that says where to", printable(args[0]))
            .with_hint("name the destination too: rpod push IMAGE REGISTRY/NAME:TAG");
    }
    if (auto place = image::Place::parse(args[1])) {
        if (place->stored) throw Error("push '{}': it is in the store already", printable(args[1]));
        return *std::move(place);
    }
    return {.remote = oci::Reference::parse(args[1])};
}

image::PushOptions push_options(const PushFlags& o, const image::Place& to) {
    image::PushOptions options{.client = client_options(o.registry),
                               .format = parse_manifest_format(o.format),
                               .compression = parse_compression(o.compression),
                               .level = o.level};
    const bool dir = to.files && to.files->transport == image::Transport::dir;
    if (o.compress && !dir) throw Error("--compress can only be used with the dir: transport");
    if (o.compress && !options.compression) options.compression = image::Compression::gzip;
    if (options.level && !to.remote) throw Error("--compression-level is for registries");
    return options;
}

int run_push(Context& ctx, const PushFlags& o, const Args& args) {
    const auto store = open_images(ctx);
    const auto image = store.get_any(args[0]);
    const auto to = parse_destination(image, args);
    const auto options = push_options(o, to);
    if (to.remote && to.remote->domain() == "localhost") {
        throw Error("push '{}': the name is one of this machine's, not a registry's", to.remote->str())
            .with_hint("name the destination too: rpod push IMAGE REGISTRY/NAME:TAG");
    }
    image::require_accepted({.stored = args[0]}, o.policy);
    const auto progress = progress_to(ctx, o.quiet);
    const auto digest = image.list ? image::push_list(store, image, to, options, true, progress)
                                   : image::copy_stored(store, image, to, options, progress);
    note_image(store.paths(), "push", image.id, to.remote ? to.remote->str() : to.str());
    if (!o.digestfile.empty()) sys::replace_file(o.digestfile, digest.str(), 0644);
    return 0;
}

Action define_push(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PushFlags>();
    flags.add_flag("--compress", o->compress, "Compress the layers of a dir:, which has them as they are");
    flags.add_option("--compression-format", o->compression, "Compress layers so: gzip (the default), zstd")
        ->type_name("FORMAT");
    flags.add_option("--compression-level", o->level, "How hard: gzip 0-9 (6), zstd 1-20 (3)")
        ->type_name("LEVEL");
    flags.add_option("--digestfile", o->digestfile, "Write the digest of the image to this file")
        ->type_name("FILE");
    flags.add_flag("--disable-content-trust", o->disable_content_trust)->group("");
    flags.add_option("-f,--format", o->format, "Manifest format: oci, v2s2 (default: the image's own)")
        ->type_name("FORMAT");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    // The store holds none.
    flags.add_flag("--remove-signatures", o->remove_signatures)->group("");
    define_policy(flags, o->policy);
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    return [o, &ctx](const Args& args) { return run_push(ctx, *o, args); };
}

}  // namespace

std::optional<image::ManifestFormat> parse_manifest_format(const std::string& text) {
    if (text.empty()) return std::nullopt;
    if (text == "oci") return image::ManifestFormat::oci;
    if (text == "v2s2" || text == "docker") return image::ManifestFormat::v2s2;
    if (text == "v2s1") throw Error("format v2s1: docker's manifest schema 1 is not supported");
    throw Error("format '{}': oci and v2s2 are known", printable(text));
}

std::optional<image::Compression> parse_compression(const std::string& text) {
    if (text.empty()) return std::nullopt;
    if (text == "gzip") return image::Compression::gzip;
    if (text == "zstd") return image::Compression::zstd;
    if (text == "zstd:chunked") throw Error("compression-format zstd:chunked is not written; zstd is");
    throw Error("compression-format '{}': gzip and zstd are known", printable(text));
}

std::vector<Command> image_push_commands() {
    const Command push{.name = "push",
                       .arguments = "[options] IMAGE [DESTINATION]",
                       .summary = "Copy an image from the store to a registry or another place",
                       .arity = {.min = 1, .max = 2},
                       .define = define_push};
    return {push, in_group("image push", push)};
}

}  // namespace rpod::cli
