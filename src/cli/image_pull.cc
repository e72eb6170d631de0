// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <ostream>

#include "base/strings.hh"
#include "cli/image_events.hh"
#include "cli/images.hh"
#include "cli/platform_options.hh"
#include "cli/registry_options.hh"
#include "cli/with_display.hh"
#include "image/pull.hh"
#include "image/registry_pull.hh"

namespace rpod::cli {
namespace {

struct PullOptions {
    bool quiet = false;
    bool all_tags = false;
    bool disable_content_trust = false;
    std::string policy;
    PlatformOptions platform;
    RegistryOptions registry;
};

std::vector<image::AddedImage> pull_one(Context& ctx, const image::ImageStore& store, const std::string& name,
                                        const PullOptions& o) {
    const auto platform = platform_of(o.platform);
    const image::Progress progress = progress_to(ctx, o.quiet);
    if (const auto from = image::TransportName::parse(name)) {
        if (o.all_tags) throw Error("pull '{}': --all-tags is for registries", printable(name));
        return image::pull_local(store, *from, {.platform = platform, .policy_file = o.policy}, progress);
    }
    const image::RemotePull pull{
        .options = client_options(o.registry), .platform = platform, .policy_file = o.policy};
    return with_display(ctx, o.quiet, pull,
                        [&](const auto& shown, const auto& lines) -> std::vector<image::AddedImage> {
                            if (o.all_tags) return image::pull_all_tags(store, name, shown, lines);
                            return {image::pull_by_name(store, name, shown, lines)};
                        });
}

int run_pull(Context& ctx, const PullOptions& o, const Args& names) {
    if (o.all_tags && names.size() > 1) throw Error("--all-tags is for one repository");
    const auto store = open_images(ctx);
    for (const auto& name : names) {
        for (const auto& image : pull_one(ctx, store, name, o)) {
            note_image(store.paths(), "pull", image.id, name);
            ctx.out << image.id.hex() << "\n";
        }
        ctx.out.flush();
    }
    return 0;
}

Action define_pull(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PullOptions>();
    flags.add_flag("-a,--all-tags", o->all_tags, "Pull all tags of the repository");
    // podman's own is a no-op too: signatures are policy.json's business.
    flags.add_flag("--disable-content-trust", o->disable_content_trust)->group("");
    flags.add_flag("-q,--quiet", o->quiet, "Show no progress");
    define_platform(flags, o->platform);
    flags.add_option("--platform", o->platform.platform, "The same as one: OS/ARCH[/VARIANT]")
        ->type_name("PLATFORM");
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    define_policy(flags, o->policy);
    return [o, &ctx](const Args& args) { return run_pull(ctx, *o, args); };
}

}  // namespace

image::Progress progress_to(Context& ctx, bool quiet) {
    if (quiet) return [](const std::string&) {};
    return [&ctx](const std::string& line) { ctx.err << line + "\n"; };
}

std::vector<Command> image_pull_commands() {
    const Command pull{.name = "pull",
                       .arguments = "[options] SOURCE [SOURCE...]",
                       .summary = "Copy images from registries and other places into the store",
                       .arity = kOneOrMore,
                       .define = define_pull};
    return {pull, in_group("image pull", pull)};
}

}  // namespace rpod::cli
