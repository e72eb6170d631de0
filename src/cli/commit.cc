// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/commit.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/defer.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "cli/images.hh"
#include "cli/stores.hh"
#include "container/commit.hh"
#include "container/control.hh"
#include "container/find.hh"
#include "container/record.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct CommitFlags {
    container::CommitOptions commit;
    std::string format = "oci";
    std::string iidfile;
    bool pause = false;
    bool quiet = false;
};

bool is_docker_format(const std::string& format) {
    if (format == "oci" || format == "docker") return format == "docker";
    throw Error("unrecognized image format \"{}\"", printable(format));
}

/// Where it runs and is not paused already.
bool pause_if_running(const store::Paths& paths, const std::string& id) {
    if (container::life_of(paths.containers() / id) != container::Life::running) return false;
    container::pause_container(paths, id);
    return true;
}

oci::Digest commit(const image::ImageStore& images, const std::string& id, const CommitFlags& o,
                   const image::Progress& progress) {
    const auto& paths = images.paths();
    const bool paused = o.pause && pause_if_running(paths, id);
    const Defer unpause([&] {
        try {
            if (paused) container::unpause_container(paths, id);
        } catch (const Error& e) {
            log::warn("unpause container {}: {}", id, e.what());
        }
    });
    return container::commit_container(images, id, o.commit, progress);
}

int run_commit(Context& ctx, CommitFlags& o, const Args& args) {
    o.commit.docker_format = is_docker_format(o.format);
    if (args.size() > 1) o.commit.name = oci::Reference::parse_local(args[1]).with_default_tag();
    const auto paths = open_store(ctx);
    const auto id = container::find_container(paths, args[0]).id;
    const auto image = commit(image::ImageStore(paths), id, o, progress_to(ctx, o.quiet));
    if (!o.iidfile.empty()) sys::replace_file(o.iidfile, image.hex(), 0644);
    ctx.out << image.hex() << "\n";
    return 0;
}

Action define_commit(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CommitFlags>();
    flags.add_option("-a,--author", o->commit.author, "Author of the image")->type_name("NAME");
    flags
        .add_option("-c,--change", o->commit.changes,
                    "Apply a Containerfile instruction: CMD, ENTRYPOINT, ENV, EXPOSE, …")
        ->type_name("INSTRUCTION");
    flags.add_option("-f,--format", o->format, "Format of the manifest: oci (the default), docker")
        ->type_name("FORMAT");
    flags.add_option("--iidfile", o->iidfile, "Write the image's ID to this file")->type_name("FILE");
    flags.add_flag("--include-volumes", o->commit.include_volumes,
                   "Make all that was mounted for the container volumes of the image");
    flags.add_option("-m,--message", o->commit.message, "Comment in the image's history")->type_name("TEXT");
    flags.add_flag("-p,--pause", o->pause, "Pause the container meanwhile");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    flags.add_flag("-s,--squash", o->commit.squash, "Make one layer of all files");
    return [o, &ctx](const Args& args) { return run_commit(ctx, *o, args); };
}

}  // namespace

std::vector<Command> commit_commands() {
    const Command command{.name = "commit",
                          .arguments = "[options] CONTAINER [IMAGE]",
                          .summary = "Make an image of a container",
                          .arity = {.min = 1, .max = 2},
                          .define = define_commit};
    return {command, in_group("container commit", command)};
}

}  // namespace rpod::cli
