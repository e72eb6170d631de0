// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// manifest push, rm, remove, exists.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/manifests.hh"
#include "cli/transfer_options.hh"
#include "image/copy.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

constexpr int kExitUnknown = 1;

struct PushOptions {
    bool all = true;
    bool quiet = false;
    bool remove = false;
    bool remove_signatures = false;
    std::string compression, format, digestfile, policy;
    RegistryOptions registry;
};

void remove_list(Context& ctx, const image::ImageStore& store, const image::Image& list, bool say) {
    store.remove(list, [] { return true; });
    for (const auto& name : list.names) {
        note_image(store.paths(), "untag", list.id, name.str());
        if (say) ctx.out << "Untagged: " << name.str() << "\n";
    }
    note_image(store.paths(), "remove", list.id, {});
    if (say) ctx.out << "Deleted: " << list.id.hex() << "\n";
}

image::Place destination_of(const std::string& text) {
    if (auto place = image::Place::parse(text)) return *std::move(place);
    return image::Place::require("docker://" + text);
}

int run_push(Context& ctx, const PushOptions& o, const Args& args) {
    const image::PushOptions options{.client = client_options(o.registry),
                                     .format = parse_manifest_format(o.format),
                                     .compression = parse_compression(o.compression)};
    const auto to = destination_of(args[1]);
    const auto store = open_images(ctx);
    const auto list = in_context([&] { return get_list(store, args[0]); },
                                 "retrieving local image from image name {}", printable(args[0]));
    image::require_accepted({.stored = args[0]}, o.policy);
    const auto digest = image::push_list(store, list, to, options, o.all, progress_to(ctx, o.quiet));
    note_image(store.paths(), "push", list.id, to.str());
    if (!o.digestfile.empty()) sys::replace_file(o.digestfile, digest.str(), 0644);
    if (o.remove) remove_list(ctx, store, list, false);
    return 0;
}

Action define_push(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PushOptions>();
    flags.add_flag("--all", o->all, "Push the images of the list too (default true)");
    flags.add_option("--compression-format", o->compression, "Compress layers so: gzip (the default), zstd")
        ->type_name("FORMAT");
    flags.add_option("--digestfile", o->digestfile, "Write the digest of the list to this file")
        ->type_name("FILE");
    flags.add_option("-f,--format", o->format, "Format of list and manifests: oci, v2s2")
        ->type_name("FORMAT");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    // The store holds none.
    flags.add_flag("--remove-signatures", o->remove_signatures)->group("");
    flags.add_flag("--rm", o->remove, "Remove the list from the store when it is pushed");
    define_policy(flags, o->policy);
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    return [o, &ctx](const Args& args) { return run_push(ctx, *o, args); };
}

Action define_rm(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto store = open_images(ctx);
        std::vector<std::string> problems;
        for (const auto& arg : args) {
            const auto list = store.find_any(arg);
            if (list && list->list) {
                remove_list(ctx, store, *list, true);
            } else {
                problems.push_back(fmt::format("{}: {}", printable(arg),
                                               list ? "image is not a manifest list" : "image not known"));
            }
        }
        if (!problems.empty()) throw Error("{}", join(problems, "\n")).with_exit_code(kExitUnknown);
        return 0;
    };
}

int run_remove(Context& ctx, const Args& args) {
    const auto store = open_images(ctx);
    const auto list = get_list(store, args[0]);
    const auto changed = in_context(
        [&] {
            const auto digest = entry_digest(store, args[1]);
            return store.change_list(list, [&](oci::Index& index) {
                image::entry_of(index, digest);
                std::erase_if(index.manifests, [&](const oci::Descriptor& d) { return d.digest == digest; });
            });
        },
        "removing from manifest list {}", printable(args[0]));
    ctx.out << changed.id.hex() << "\n";
    return 0;
}

Action define_remove(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return run_remove(ctx, args); };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto list = open_images(ctx).find_any(args[0]);
        if (list && !list->list) throw Error("{}: image is not a manifest list", printable(args[0]));
        return list ? 0 : 1;
    };
}

}  // namespace

std::vector<Command> manifest_manage_commands() {
    return {Command{.name = "manifest exists",
                    .arguments = "LIST",
                    .summary = "Say by the exit code whether a manifest list is in the store",
                    .arity = {.min = 1, .max = 1},
                    .define = define_exists},
            Command{.name = "manifest push",
                    .arguments = "[options] LIST DESTINATION",
                    .summary = "Copy a manifest list and its images to a registry or another place",
                    .arity = {.min = 2, .max = 2},
                    .define = define_push},
            Command{.name = "manifest remove",
                    .arguments = "LIST IMAGE",
                    .summary = "Take an image out of a manifest list",
                    .arity = {.min = 2, .max = 2},
                    .define = define_remove},
            Command{.name = "manifest rm",
                    .arguments = "LIST [LIST...]",
                    .summary = "Remove manifest lists from the store",
                    .arity = kOneOrMore,
                    .define = define_rm}};
}

}  // namespace rpod::cli
