// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// load, import: images into the store.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ostream>

#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/platform_options.hh"
#include "cli/registry_options.hh"
#include "image/change.hh"
#include "image/pull.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct LoadFlags {
    std::string input, policy;
    bool quiet = false;
};

int run_load(Context& ctx, const LoadFlags& o) {
    if (o.input.empty() && ::isatty(ctx.in)) {
        throw Error("cannot read from terminal, use command-line redirection or the --input flag");
    }
    const auto store = open_images(ctx);
    const auto progress = progress_to(ctx, o.quiet);
    const image::LoadOptions options{.policy_file = o.policy};
    std::vector<image::AddedImage> images;
    if (o.input.empty()) {
        images = image::load_archive(store, ctx.in, "standard input", {}, options, progress);
    } else {
        const sys::Fd fd = sys::open_file(o.input, O_RDONLY);
        struct stat st {};
        check(::fstat(fd.get(), &st), "stat '{}'", o.input);
        images = S_ISDIR(st.st_mode) ? image::load_directory(store, o.input, options, progress)
                                     : image::load_archive(store, fd.get(), fmt::format("'{}'", o.input),
                                                           o.input, options, progress);
    }
    for (const auto& image : images) {
        note_image(store.paths(), "loadfromarchive", image.id, o.input);
        if (image.names.empty()) ctx.out << "Loaded image: " << image.id.str() << "\n";
        for (const auto& name : image.names) ctx.out << "Loaded image: " << name.str() << "\n";
    }
    return 0;
}

Action define_load(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<LoadFlags>();
    flags.add_option("-i,--input", o->input, "Read from this archive or directory instead of standard input")
        ->type_name("PATH");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    define_policy(flags, o->policy);
    return [o, &ctx](const Args&) { return run_load(ctx, *o); };
}

struct ImportFlags {
    std::vector<std::string> changes;
    std::string message;
    bool quiet = false;
    PlatformOptions platform;
};

int run_import(Context& ctx, const ImportFlags& o, const Args& args) {
    image::ImportOptions options;
    options.config.platform = platform_of(o.platform);
    options.message = o.message;
    for (const auto& change : o.changes) image::apply_change(options.config.config, change);
    if (args.size() > 1) options.name = oci::Reference::parse_local(args[1]).with_default_tag();
    if (args[0].starts_with("http://") || args[0].starts_with("https://")) {
        throw Error("import '{}': archives are not downloaded yet", printable(args[0]))
            .with_hint("download it and import the file, or pipe it: curl URL | rpod import - NAME");
    }
    const auto store = open_images(ctx);
    const bool from_stdin = args[0] == "-";
    const sys::Fd fd = from_stdin ? sys::Fd() : sys::open_file(args[0], O_RDONLY);
    const auto what = from_stdin ? std::string("standard input") : fmt::format("'{}'", args[0]);
    const auto id = image::import_archive(store, from_stdin ? ctx.in : fd.get(), what, std::move(options),
                                          progress_to(ctx, o.quiet));
    note_image(store.paths(), "import", id, args.size() > 1 ? args[1] : std::string());
    ctx.out << id.str() << "\n";
    return 0;
}

Action define_import(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ImportFlags>();
    flags
        .add_option("-c,--change", o->changes,
                    "Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, …")
        ->type_name("INSTRUCTION");
    flags.add_option("-m,--message", o->message, "Comment in the image's history")->type_name("TEXT");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    define_platform(flags, o->platform);
    return [o, &ctx](const Args& args) { return run_import(ctx, *o, args); };
}

}  // namespace

image::ImageStore open_images(const Context& ctx) {
    return image::ImageStore(store::Paths::locate(ctx.global.root, ctx.global.runroot));
}

std::vector<Command> image_add_commands() {
    const Command load{.name = "load",
                       .arguments = "[options]",
                       .summary = "Load images from an archive or a directory",
                       .arity = kNoArgs,
                       .define = define_load};
    const Command import{.name = "import",
                         .arguments = "[options] PATH|- [NAME]",
                         .summary = "Make an image from an archive of a root file system",
                         .arity = {.min = 1, .max = 2},
                         .define = define_import};
    return {load, in_group("image load", load), import, in_group("image import", import)};
}

}  // namespace rpod::cli
