// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// history, image tree.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/strings.hh"
#include "cli/images.hh"
#include "cli/report.hh"
#include "image/chain.hh"

namespace rpod::cli {
namespace {

constexpr size_t kCreatedByWidth = 45;

struct HistoryOptions {
    bool no_trunc = false;
    bool quiet = false;
    bool human = true;
    std::string format;
};

/// A step of the build: the newest first, each layer's size at the step that made it.
struct Step {
    oci::History history;
    uint64_t size = 0;
    bool newest = false;
};

std::vector<Step> steps_of(const image::Image& image) {
    std::vector<Step> steps;
    size_t layer = 0;
    for (const auto& history : image.config.history) {
        Step step{.history = history};
        if (!history.empty_layer && layer < image.layers.size()) step.size = image.layers[layer++].size;
        steps.push_back(std::move(step));
    }
    // Layers without a history.
    for (; layer < image.layers.size(); ++layer)
        steps.push_back(Step{.history = {}, .size = image.layers[layer].size});
    std::reverse(steps.begin(), steps.end());
    if (!steps.empty()) steps.front().newest = true;
    return steps;
}

std::string shown_size(uint64_t size, bool human) {
    if (!human) return fmt::format("{}", size);
    std::string text = human_size(size, 3);
    return text.insert(text.find_last_of("0123456789") + 1, " ");
}

/// History comes from images: nothing in it may steer the terminal or make a table's line two.
std::string shown_command(const std::string& command, bool no_trunc) {
    std::string text = printable(command);
    if (no_trunc || text.size() <= kCreatedByWidth) return text;
    size_t end = kCreatedByWidth - 3;
    while (end > 0 && (text[end] & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "...";
}

DataObject make_row(const image::Image& image, const Step& step, const HistoryOptions& o) {
    using Show = DataObject::Show;
    const auto created = parse_rfc3339(step.history.created).value_or(Timestamp{});
    const std::string since = human_duration(now().seconds - created.seconds) + " ago";
    const std::string at = format_rfc3339(Timestamp{.seconds = created.seconds});
    const std::string full_id = image.id.hex();
    DataObject row{.type = "images.historyReporter"};
    row.add("", step.newest ? full_id : "<missing>", "id");
    row.add("", created, "created");
    row.add("", step.history.created_by, "CreatedBy");
    row.add("", step.size, "size");
    row.add("", step.history.comment, "comment");
    if (step.newest) {
        std::vector<std::string> names;
        for (const auto& name : image.names) names.push_back(name.str());
        row.add("Tags", Data::strings(names), "tags", Show::unless_empty);
    } else {
        row.add("Tags", Data::strings({}), "tags", Show::templates);
    }
    const std::string id = o.no_trunc ? full_id : image.id.short_hex();
    row.add("ID", step.newest ? id : "<missing>", {}, Show::templates);
    row.add("Created", o.human ? since : at, {}, Show::templates);
    row.add("CreatedSince", since, {}, Show::templates);
    row.add("CreatedAt", at, {}, Show::templates);
    row.add("CreatedBy", shown_command(step.history.created_by, o.no_trunc), {}, Show::templates);
    row.add("Size", shown_size(step.size, o.human), {}, Show::templates);
    row.add("Comment", printable(step.history.comment), {}, Show::templates);
    return row;
}

int run_history(Context& ctx, const HistoryOptions& o, const Args& args) {
    const auto image = open_images(ctx).get(args[0]);
    Report report{.command = "history", .items = {}, .headers = {{"CreatedBy", "CREATED BY"}}};
    for (const auto& step : steps_of(image)) report.items.emplace_back(make_row(image, step, o));
    std::string format = o.format;
    if (format.empty()) format = "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";
    if (o.quiet) format = "{{.ID}}";
    ctx.out << render(report, format);
    return 0;
}

Action define_history(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<HistoryOptions>();
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_flag("-H,--human", o->human, "Show sizes and times for people (default true)");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs and commands");
    flags.add_flag("-q,--quiet", o->quiet, "Show IDs only");
    return [o, &ctx](const Args& args) { return run_history(ctx, *o, args); };
}

/// Layers by chain ID, with those that build upon them.
struct Layer {
    uint64_t size = 0;
    std::vector<std::string> names;  ///< of the images whose top it is
    std::vector<oci::Digest> children;
};
using Layers = std::map<oci::Digest, Layer>;

std::vector<oci::Digest> chain_of(const image::Image& image) {
    std::vector<oci::Digest> diff_ids;
    std::vector<oci::Digest> chain;
    for (const auto& layer : image.layers) {
        diff_ids.push_back(layer.diff_id);
        chain.push_back(image::chain_id(diff_ids));
    }
    return chain;
}

Layers layers_of(const std::vector<image::Image>& images) {
    Layers layers;
    for (const auto& image : images) {
        const auto chain = chain_of(image);
        for (size_t i = 0; i < chain.size(); ++i) {
            layers[chain[i]].size = image.layers[i].size;
            auto* siblings = i > 0 ? &layers[chain[i - 1]].children : nullptr;
            if (siblings && std::find(siblings->begin(), siblings->end(), chain[i]) == siblings->end()) {
                siblings->push_back(chain[i]);
            }
        }
        if (chain.empty()) continue;
        for (const auto& name : image.names) layers[chain.back()].names.push_back(name.str());
    }
    return layers;
}

std::string layer_line(const oci::Digest& id, const Layer& layer) {
    std::string line = fmt::format("ID: {} Size: {:>7}", id.short_hex(), human_size(layer.size));
    if (!layer.names.empty()) line += fmt::format(" Top Layer of: [{}]", join(layer.names, " "));
    return line;
}

void print_children(std::ostream& out, const Layers& layers, const oci::Digest& id,
                    const std::string& indent) {
    const auto& children = layers.at(id).children;
    for (const auto& child : children) {
        const bool last = &child == &children.back();
        out << indent << (last ? "└── " : "├── ") << layer_line(child, layers.at(child)) << "\n";
        print_children(out, layers, child, indent + (last ? "    " : "│   "));
    }
}

int run_tree(Context& ctx, bool what_requires, const Args& args) {
    const auto store = open_images(ctx);
    const auto image = store.get(args[0]);
    const auto layers = layers_of(store.list());
    std::vector<std::string> names;
    for (const auto& name : image.names) names.push_back(name.str());
    ctx.out << fmt::format("Image ID: {}\nTags:     [{}]\nSize:     {}\n", image.id.short_hex(),
                           join(names, " "), human_size(image.size()));
    const auto chain = chain_of(image);
    ctx.out << (chain.empty() ? "No Image Layers\n" : "Image Layers\n");
    for (const auto& id : chain) {
        const bool last = id == chain.back();
        ctx.out << (last ? "└── " : "├── ") << layer_line(id, layers.at(id)) << "\n";
        if (last && what_requires) print_children(ctx.out, layers, id, "    ");
    }
    return 0;
}

Action define_tree(CLI::App& flags, Context& ctx) {
    auto what_requires = std::make_shared<bool>(false);
    flags.add_flag("--whatrequires", *what_requires, "Show what other images build upon its last layer");
    return [what_requires, &ctx](const Args& args) { return run_tree(ctx, *what_requires, args); };
}

}  // namespace

std::vector<Command> image_history_commands() {
    const Command history{.name = "history",
                          .arguments = "[options] IMAGE",
                          .summary = "Show the steps that made an image",
                          .arity = {.min = 1, .max = 1},
                          .define = define_history};
    return {history, in_group("image history", history),
            Command{.name = "image tree",
                    .arguments = "[options] IMAGE",
                    .summary = "Show the layers of an image",
                    .arity = {.min = 1, .max = 1},
                    .define = define_tree}};
}

}  // namespace rpod::cli
