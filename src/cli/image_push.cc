// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>

#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/registry_options.hh"
#include "image/pull.hh"
#include "image/push.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

constexpr std::string_view kDockerTransport = "docker://";

struct PushFlags {
    std::string compression, format, digestfile;
    std::optional<int> level;
    bool quiet = false;
    bool disable_content_trust = false;
    bool remove_signatures = false;
    RegistryOptions registry;
};

std::optional<image::ManifestFormat> parse_format(const std::string& text) {
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

/// SOURCE's own name, or where DESTINATION says.
oci::Reference parse_destination(const image::Image& image, const Args& args) {
    if (args.size() < 2) {
        if (image.found_as && !image.found_as->digest()) return *image.found_as;
        if (!image.names.empty()) return image.names.front();
        throw Error("{}: the image has no name that says where to", printable(args[0]))
            .with_hint("name the destination too: rpod push IMAGE REGISTRY/NAME:TAG");
    }
    std::string_view text = args[1];
    if (image::TransportName::parse(text)) {
        throw Error("push '{}': only to registries; other transports are not written yet", printable(text))
            .with_hint("archives and directories are written by: rpod save --format FORMAT -o PATH IMAGE");
    }
    if (text.starts_with(kDockerTransport)) text.remove_prefix(kDockerTransport.size());
    return oci::Reference::parse(text);
}

int run_push(Context& ctx, const PushFlags& o, const Args& args) {
    const image::PushOptions options{.client = client_options(o.registry),
                                     .format = parse_format(o.format),
                                     .compression = parse_compression(o.compression),
                                     .level = o.level};
    const auto store = open_images(ctx);
    const auto image = store.get(args[0]);
    const auto to = parse_destination(image, args);
    if (to.domain() == "localhost") {
        throw Error("push '{}': the name is one of this machine's, not a registry's", to.str())
            .with_hint("name the destination too: rpod push IMAGE REGISTRY/NAME:TAG");
    }
    const auto digest = image::push_image(store, image, to, options, progress_to(ctx, o.quiet));
    note_image(store.paths(), "push", image.id, to.str());
    if (!o.digestfile.empty()) sys::replace_file(o.digestfile, digest.str(), 0644);
    return 0;
}

Action define_push(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PushFlags>();
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
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    return [o, &ctx](const Args& args) { return run_push(ctx, *o, args); };
}

}  // namespace

std::vector<Command> image_push_commands() {
    const Command push{.name = "push",
                       .arguments = "[options] IMAGE [DESTINATION]",
                       .summary = "Copy an image from the store to a registry",
                       .arity = {.min = 1, .max = 2},
                       .define = define_push};
    return {push, in_group("image push", push)};
}

}  // namespace rpod::cli
