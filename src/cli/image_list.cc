// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// images, image ls.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <ostream>
#include <set>

#include "base/strings.hh"
#include "cli/image_filter.hh"
#include "cli/image_users.hh"
#include "cli/images.hh"
#include "cli/report.hh"

namespace rpod::cli {
namespace {

struct ListOptions {
    bool all = false;
    bool quiet = false;
    bool digests = false;
    bool history = false;
    bool no_trunc = false;
    bool no_heading = false;
    std::vector<std::string> filters;
    std::string format;
    std::string sort = "created";
};

using Users = std::map<oci::Digest, std::vector<std::string>>;

/// A line of the table: an image under one of its names, or under none.
struct Row {
    const image::Image* image;
    std::optional<oci::Reference> name;
    std::string repository() const { return name ? name->repository() : "<none>"; }
    std::string tag() const { return name ? name->tag().value_or("<none>") : "<none>"; }
};

std::vector<std::string> texts_of(const std::vector<oci::Reference>& names) {
    std::vector<std::string> out;
    for (const auto& name : names) out.push_back(name.str());
    return out;
}

std::string shown_id(const image::Image& image, bool no_trunc) {
    return no_trunc ? image.id.str() : image.id.short_hex();
}

/// The members that --format json shows of an image. In templates they have other forms, so they go by no
/// name there.
void add_json_members(DataObject& o, const image::Image& image, const Users& users) {
    using Show = DataObject::Show;
    const auto add = [&](const char* name, Data value, Show show = Show::always) {
        o.add("", std::move(value), name, show);
    };
    const auto created = created_time(image).value_or(Timestamp{});
    const auto names = texts_of(image.names);
    const auto containers = users.find(image.id);
    add("Id", image.id.hex());
    add("ParentId", "");
    add("RepoTags", Data::strings_or_nil(names));
    add("RepoDigests", Data::strings(image.repo_digests()));
    add("Size", image.size());
    add("SharedSize", 0);
    add("VirtualSize", image.size());
    add("Labels", Data::string_map_or_nil(image.config.config.labels));
    add("Containers", containers == users.end() ? 0 : static_cast<int64_t>(containers->second.size()));
    add("Dangling", names.empty(), Show::unless_empty);
    add("Names", Data::strings(names), Show::unless_empty);
    add("Digest", image.digest().str());
    add("History", Data::strings(names), Show::unless_empty);
    add("Created", created.seconds);
    add("CreatedAt", Timestamp{.seconds = created.seconds});
}

std::string spaced_size(uint64_t bytes) {
    std::string text = human_size(bytes, 3);
    const size_t unit = text.find_last_of("0123456789") + 1;
    return text.insert(unit, " ");
}

DataObject make_row(const Row& row, const ListOptions& o, const Users& users) {
    const auto& image = *row.image;
    DataObject out{.type = "images.imageReporter"};
    add_json_members(out, image, users);
    const auto add = [&](const char* name, Data value) {
        out.add(name, std::move(value), {}, DataObject::Show::templates);
    };
    const auto created = created_time(image).value_or(Timestamp{});
    const std::string since = human_duration(now().seconds - created.seconds) + " ago";
    const auto names = texts_of(image.names);
    const auto containers = users.find(image.id);
    add("Repository", row.repository());
    add("Tag", row.tag());
    add("ID", shown_id(image, o.no_trunc));
    add("Id", shown_id(image, o.no_trunc));
    add("Created", since);
    add("CreatedSince", since);
    add("CreatedAt", format_go_time(Timestamp{.seconds = created.seconds}));
    add("CreatedTime", format_go_time(Timestamp{.seconds = created.seconds}));
    add("Size", spaced_size(image.size()));
    add("VirtualSize", image.size());
    add("SharedSize", 0);
    add("Digest", image.digest().str());
    add("Names", Data::strings(names));
    add("RepoTags", Data::strings(names));
    add("RepoDigests", Data::strings(image.repo_digests()));
    add("Labels", Data::string_map(image.config.config.labels));
    add("Containers", containers == users.end() ? 0 : static_cast<int64_t>(containers->second.size()));
    add("Dangling", names.empty());
    add("History", join(names, ", "));
    add("ParentId", "");
    add("ReadOnly", false);
    return out;
}

std::vector<Row> rows_of(const std::vector<image::Image>& images, const ImageFilter& filter) {
    std::vector<Row> rows;
    for (const auto& image : images) {
        if (!filter.matches(image)) continue;
        if (image.names.empty()) rows.push_back(Row{.image = &image, .name = {}});
        // The name given last comes first, as podman has it.
        for (auto name = image.names.rbegin(); name != image.names.rend(); ++name) {
            if (filter.matches_name(*name)) rows.push_back(Row{.image = &image, .name = *name});
        }
    }
    return rows;
}

void sort_rows(std::vector<Row>& rows, const std::string& field) {
    const auto by = [&](auto key) {
        std::stable_sort(rows.begin(), rows.end(),
                         [&](const Row& a, const Row& b) { return key(a) < key(b); });
    };
    if (field == "created") {
        const auto newest_first = [](const Row& a, const Row& b) {
            return created_time(*a.image).value_or(Timestamp{}) >
                   created_time(*b.image).value_or(Timestamp{});
        };
        std::stable_sort(rows.begin(), rows.end(), newest_first);
    } else if (field == "id") {
        by([](const Row& row) { return row.image->id; });
    } else if (field == "repository") {
        by([](const Row& row) { return row.repository(); });
    } else if (field == "size") {
        by([](const Row& row) { return row.image->size(); });
    } else if (field == "tag") {
        by([](const Row& row) { return row.tag(); });
    } else {
        throw Error(
            "\"{}\" is not a valid field for sorting. Choose from: created, id, repository, size, tag",
            field);
    }
}

std::string default_format(const ListOptions& o) {
    std::string format = "table {{.Repository}}\t{{.Tag}}\t";
    if (o.digests) format += "{{.Digest}}\t";
    format += "{{.ID}}\t{{.Created}}\t{{.Size}}";
    if (o.history) format += "\t{{if .History}}{{.History}}{{else}}<none>{{end}}";
    return format;
}

/// Rows, or for JSON the images, each once.
Report make_report(const std::vector<Row>& rows, const ListOptions& o, const Users& users) {
    Report report{.command = "images",
                  .items = {},
                  .headers = {{"ID", "IMAGE ID"}, {"Id", "IMAGE ID"}},
                  .heading = !o.no_heading};
    std::set<oci::Digest> seen;
    for (const auto& row : rows) {
        if (o.format == "json" && !seen.insert(row.image->id).second) continue;
        report.items.emplace_back(make_row(row, o, users));
    }
    return report;
}

int run_images(Context& ctx, const ListOptions& o, const Args& args) {
    if (o.quiet && !o.format.empty()) throw Error("quiet and format are mutually exclusive");
    const auto store = open_images(ctx);
    ImageFilter filter(o.filters, store);
    for (const auto& arg : args) filter.add_reference(arg);
    auto images = store.list();
    auto lists = store.lists();
    std::move(lists.begin(), lists.end(), std::back_inserter(images));
    auto rows = rows_of(images, filter);
    sort_rows(rows, o.sort);
    if (o.quiet) {
        std::set<oci::Digest> seen;
        for (const auto& row : rows) {
            if (seen.insert(row.image->id).second) ctx.out << shown_id(*row.image, o.no_trunc) << "\n";
        }
        return 0;
    }
    const auto report = make_report(rows, o, image_users(store.paths()));
    ctx.out << render(report, o.format.empty() ? default_format(o) : o.format);
    return 0;
}

Action define_images(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ListOptions>();
    flags.add_flag("-a,--all", o->all, "Show all images (there are no intermediate ones to hide)");
    flags.add_flag("-q,--quiet", o->quiet, "Show IDs only");
    flags.add_flag("--digests", o->digests, "Show digests");
    flags.add_flag("--history", o->history, "Show the names");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs");
    flags.add_flag("-n,--noheading,--no-heading", o->no_heading, "Show no line of headings");
    flags.add_option("-f,--filter", o->filters, "Show only images for which it holds")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_option("--sort", o->sort, "By created, id, repository, size or tag")->type_name("FIELD");
    return [o, &ctx](const Args& args) { return run_images(ctx, *o, args); };
}

}  // namespace

std::vector<Command> image_list_commands() {
    const Command images{.name = "images",
                         .arguments = "[options] [IMAGE]",
                         .summary = "List the images in the store",
                         .arity = {.min = 0, .max = 1},
                         .define = define_images};
    return {images, in_group("image ls", images), in_group("image list", images)};
}

}  // namespace rpod::cli
