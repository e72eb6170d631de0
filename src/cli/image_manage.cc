// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// rmi, tag, untag, image exists, image prune.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/strings.hh"
#include "cli/ask.hh"
#include "cli/image_events.hh"
#include "cli/image_filter.hh"
#include "cli/image_users.hh"
#include "cli/images.hh"
#include "cli/prune.hh"

namespace rpod::cli {
namespace {

constexpr int kExitUnknown = 1;  ///< rmi: no such image
constexpr int kExitInUse = 2;    ///< rmi: a container uses it

struct RemoveOptions {
    bool all = false;
    bool force = false;
    bool ignore = false;
    bool no_prune = false;
};

Error in_use(const std::vector<std::string>& containers) {
    return Error("image used by {}: image is in use by a container", join(containers, ", "))
        .with_exit_code(kExitInUse)
        .with_hint("remove the container first; --force does not");
}

void remove_whole(Context& ctx, const image::ImageStore& store, const image::Image& image) {
    std::vector<std::string> users;
    const auto still_unused = [&] {
        const auto all = image_users(store.paths());
        const auto it = all.find(image.id);
        if (it != all.end()) users = it->second;
        return users.empty();
    };
    if (!store.remove(image, still_unused)) throw in_use(users);
    for (const auto& name : image.names) {
        note_image(store.paths(), "untag", image.id, name.str());
        ctx.out << "Untagged: " << name.str() << "\n";
    }
    note_image(store.paths(), "remove", image.id, {});
    ctx.out << "Deleted: " << image.id.hex() << "\n";
}

std::vector<std::string> texts_of(const std::vector<oci::Reference>& names) {
    std::vector<std::string> out;
    for (const auto& name : names) out.push_back(name.str());
    return out;
}

/// One argument of rmi: a name of several is taken away, the last one goes with the image.
void remove_named(Context& ctx, const image::ImageStore& store, const std::string& text,
                  const RemoveOptions& o) {
    const auto image = store.find_any(text);
    if (!image) {
        if (o.ignore || o.force) return;
        throw Error("{}: image not known", printable(text)).with_exit_code(kExitUnknown);
    }
    const auto& name = image->found_as;
    const bool by_tag = name && name->tag() && !name->digest();
    // One that a manifest list has loses its name and stays.
    if (by_tag && (image->names.size() > 1 || !store.lists_with(*image).empty())) {
        store.untag(*image, {*name});
        note_image(store.paths(), "untag", image->id, name->str());
        ctx.out << "Untagged: " << name->str() << "\n";
        return;
    }
    if (!by_tag && image->names.size() > 1 && !o.force) {
        throw Error("unable to delete image \"{}\" by ID with more than one tag ([{}]): please force removal",
                    image->id.hex(), join(texts_of(image->names), " "));
    }
    remove_whole(ctx, store, *image);
}

/// What went wrong with several arguments, as one error; in use outranks unknown.
class Failures {
  public:
    void add(const Error& e) { errors_.push_back(e); }
    void throw_any() const {
        if (errors_.empty()) return;
        if (errors_.size() == 1) throw Error(errors_.front());
        const auto has = [&](int code) {
            return std::any_of(errors_.begin(), errors_.end(),
                               [&](const Error& e) { return e.exit_code() == code; });
        };
        std::string text = fmt::format("{} errors occurred:", errors_.size());
        for (const auto& e : errors_) text += fmt::format("\n\t* {}", e.what());
        throw Error(std::move(text))
            .with_exit_code(has(kExitFailed)  ? kExitFailed
                            : has(kExitInUse) ? kExitInUse
                                              : kExitUnknown);
    }

  private:
    std::vector<Error> errors_;
};

int run_rmi(Context& ctx, const RemoveOptions& o, const Args& args) {
    if (args.empty() && !o.all) throw Error("image name or ID must be specified");
    if (!args.empty() && o.all) {
        throw Error("when using the --all switch, you may not pass any images names or IDs");
    }
    const auto store = open_images(ctx);
    Failures failures;
    const auto attempt = [&](const std::function<void()>& what) {
        try {
            what();
        } catch (const Error& e) {
            failures.add(e);
        }
    };
    for (const auto& arg : args) attempt([&] { remove_named(ctx, store, arg, o); });
    if (o.all) {
        for (const auto& list : store.lists()) attempt([&] { remove_whole(ctx, store, list); });
        for (const auto& image : store.list()) attempt([&] { remove_whole(ctx, store, image); });
    }
    failures.throw_any();
    return 0;
}

Action define_rmi(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<RemoveOptions>();
    flags.add_flag("-a,--all", o->all, "Remove all images");
    flags.add_flag("-f,--force", o->force, "Remove an image with all its names; a missing one is no error");
    flags.add_flag("-i,--ignore", o->ignore, "A missing image is no error");
    flags.add_flag("--no-prune", o->no_prune, "Keep nameless parents (there are none to remove)");
    return [o, &ctx](const Args& args) { return run_rmi(ctx, *o, args); };
}

Action define_tag(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto store = open_images(ctx);
        const auto image = store.get_any(args[0]);
        std::vector<oci::Reference> names;
        for (size_t i = 1; i < args.size(); ++i) {
            names.push_back(oci::Reference::parse_local(args[i]).with_default_tag());
            if (names.back().digest())
                throw Error("tag '{}': a name given to an image has no digest", printable(args[i]));
        }
        store.tag(image, names);
        for (const auto& name : names) note_image(store.paths(), "tag", image.id, name.str());
        return 0;
    };
}

Action define_untag(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) {
        const auto store = open_images(ctx);
        const auto image = store.get_any(args[0]);
        std::vector<oci::Reference> names;
        for (size_t i = 1; i < args.size(); ++i) {
            names.push_back(oci::Reference::parse_local(args[i]).with_default_tag());
        }
        store.untag(image, names);
        for (const auto& name : names.empty() ? image.names : names)
            note_image(store.paths(), "untag", image.id, name.str());
        return 0;
    };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return open_images(ctx).find_any(args[0]) ? 0 : 1; };
}

struct PruneOptions {
    bool all = false;
    bool external = false;
    bool force = false;
    std::vector<std::string> filters;
};

int run_prune(Context& ctx, const PruneOptions& o) {
    const std::string which =
        o.all ? "images without at least one container associated with them" : "dangling images";
    const auto store = open_images(ctx);
    const ImageFilter check(o.filters, store);
    if (!o.force && !ask(ctx, fmt::format("WARNING! This command removes all {}.\n"
                                          "Are you sure you want to continue? [y/N] ",
                                          which))) {
        return 0;
    }
    for (const auto& id : prune_images(store, o.filters, o.all).names) ctx.out << id << "\n";
    return 0;
}

Action define_prune(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<PruneOptions>();
    flags.add_flag("-a,--all", o->all, "Remove all images that no container uses, not only nameless ones");
    // No other tool has containers in the store.
    flags.add_flag("--external", o->external)->group("");
    flags.add_flag("-f,--force", o->force, "Do not ask");
    flags.add_option("--filter", o->filters, "Remove only images for which it holds (label, until, …)")
        ->type_name("KEY=VALUE");
    return [o, &ctx](const Args&) { return run_prune(ctx, *o); };
}

}  // namespace

std::vector<Command> image_manage_commands() {
    const Command rmi{.name = "rmi",
                      .arguments = "[options] IMAGE [IMAGE...]",
                      .summary = "Remove images, or names of images",
                      .define = define_rmi};
    const Command tag{.name = "tag",
                      .arguments = "IMAGE NAME [NAME...]",
                      .summary = "Give an image further names",
                      .arity = {.min = 2},
                      .define = define_tag};
    const Command untag{.name = "untag",
                        .arguments = "IMAGE [NAME...]",
                        .summary = "Take names away from an image, which stays",
                        .arity = kOneOrMore,
                        .define = define_untag};
    return {rmi,
            in_group("image rm", rmi),
            tag,
            in_group("image tag", tag),
            untag,
            in_group("image untag", untag),
            Command{.name = "image exists",
                    .arguments = "IMAGE",
                    .summary = "Say by the exit code whether an image is in the store",
                    .arity = {.min = 1, .max = 1},
                    .define = define_exists},
            Command{.name = "image prune",
                    .arguments = "[options]",
                    .summary = "Remove images that nothing needs",
                    .arity = kNoArgs,
                    .define = define_prune}};
}

}  // namespace rpod::cli
