// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/strings.hh"
#include "cli/images.hh"
#include "image/save.hh"
#include "sys/output.hh"

namespace rpod::cli {
namespace {

struct SaveFlags {
    std::string format = "docker-archive";
    std::string output;
    bool compress = false;
    bool multi_image = false;
    bool quiet = false;
    bool uncompressed = false;
};

/// What --format says.
struct Target {
    image::Format format;
    bool directory;
};

Target parse_format(const std::string& text) {
    using image::Format;
    if (text == "docker-archive") return {.format = Format::docker_archive, .directory = false};
    if (text == "oci-archive") return {.format = Format::oci_layout, .directory = false};
    if (text == "oci-dir") return {.format = Format::oci_layout, .directory = true};
    if (text == "docker-dir") return {.format = Format::blob_directory, .directory = true};
    throw Error("unknown format \"{}\": docker-archive, docker-dir, oci-archive and oci-dir are known",
                printable(text));
}

void require_sense(const SaveFlags& o, const Target& target, const Args& args) {
    const bool docker_dir = target.format == image::Format::blob_directory;
    if (o.compress && !docker_dir) throw Error("--compress can only be set when --format is 'docker-dir'");
    if (o.compress && o.uncompressed) throw Error("--compress and --uncompressed exclude each other");
    if (docker_dir && args.size() > 1) throw Error("docker-dir holds one image, and no names");
    if (!o.output.empty()) return;
    if (target.directory) throw Error("--format {} needs a directory: use the -o flag", o.format);
    if (::isatty(STDOUT_FILENO)) throw Error("refusing to save to terminal. Use -o flag or redirect");
}

void add_name(image::ImageToSave& to, const oci::Reference& name) {
    const auto full = name.with_default_tag();
    if (std::find(to.names.begin(), to.names.end(), full) == to.names.end()) to.names.push_back(full);
}

/// An image by its name has that name in the archive, one by its ID none, as with podman.
void add_image(std::vector<image::ImageToSave>& images, image::Image image) {
    const auto same = [&](const image::ImageToSave& i) { return i.image.manifest == image.manifest; };
    auto it = std::find_if(images.begin(), images.end(), same);
    const auto name = image.found_as;
    if (it == images.end()) it = images.insert(it, image::ImageToSave{.image = std::move(image)});
    if (name && name->tag() && !name->digest()) add_name(*it, *name);
}

/// All arguments are images with -m; else the first is, and the others are more names for it.
std::vector<image::ImageToSave> find_images(const image::ImageStore& store, const SaveFlags& o,
                                            const Args& args) {
    std::vector<image::ImageToSave> images;
    for (size_t i = 0; i < (o.multi_image ? args.size() : 1); ++i) add_image(images, store.get(args[i]));
    if (o.multi_image) return images;
    for (size_t i = 1; i < args.size(); ++i) {
        const auto name = oci::Reference::parse_local(args[i]);
        if (name.digest())
            throw Error("save as '{}': a name with a digest cannot be given", printable(args[i]));
        add_name(images.front(), name);
    }
    return images;
}

using Save = std::function<void(image::ImageSink&)>;

void save_to_directory(const std::string& path, const Save& save) {
    sys::OutputDir dir(path);
    save(*image::open_directory_sink(dir.fd()));
    dir.commit();
}

void save_to_file(const std::string& path, const Save& save) {
    sys::OutputFile file(path);
    save(*image::open_archive_sink(file.fd(), fmt::format("'{}'", path)));
    file.commit();
}

int run_save(Context& ctx, const SaveFlags& o, const Args& args) {
    const auto target = parse_format(o.format);
    require_sense(o, target, args);
    const auto store = open_images(ctx);
    const auto images = find_images(store, o, args);
    const bool oci = target.format == image::Format::oci_layout;
    const image::SaveOptions options{.format = target.format,
                                     .compress = o.compress || (oci && !o.uncompressed)};
    // podman says nothing either where the archive goes to standard output.
    const auto progress = progress_to(ctx, o.quiet || o.output.empty());
    const Save save = [&](image::ImageSink& sink) {
        image::save_images(store, images, sink, options, progress);
    };
    const auto where = [&] {
        if (o.output.empty()) {
            save(*image::open_archive_sink(STDOUT_FILENO, "standard output"));
        } else if (target.directory) {
            save_to_directory(o.output, save);
        } else {
            save_to_file(o.output, save);
        }
    };
    in_context(where, "save '{}'", printable(args[0]));
    return 0;
}

Action define_save(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<SaveFlags>();
    flags.add_flag("--compress", o->compress, "Compress the layers of a docker-dir");
    flags
        .add_option("--format", o->format, "docker-archive (the default), docker-dir, oci-archive or oci-dir")
        ->type_name("FORMAT");
    flags.add_flag("-m,--multi-image-archive", o->multi_image,
                   "All arguments are images, not further names of the first");
    flags.add_option("-o,--output", o->output, "Write to this file or directory instead of standard output")
        ->type_name("PATH");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    flags.add_flag("--uncompressed", o->uncompressed,
                   "Leave the layers of oci-archive and oci-dir uncompressed");
    return [o, &ctx](const Args& args) { return run_save(ctx, *o, args); };
}

}  // namespace

std::vector<Command> image_save_commands() {
    const Command save{.name = "save",
                       .arguments = "[options] IMAGE [NAME|IMAGE...]",
                       .summary = "Write images to an archive or a directory",
                       .arity = kOneOrMore,
                       .define = define_save};
    return {save, in_group("image save", save)};
}

}  // namespace rpod::cli
