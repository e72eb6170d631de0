// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// system df: what the store takes, and what of it a prune could free.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <set>

#include "base/strings.hh"
#include "cli/container_view.hh"
#include "cli/image_filter.hh"
#include "cli/image_users.hh"
#include "cli/images.hh"
#include "cli/prune.hh"
#include "cli/report.hh"
#include "cli/system_store.hh"
#include "container/disk_usage.hh"
#include "container/snapshot.hh"
#include "container/volume_store.hh"
#include "image/unpacked.hh"

namespace rpod::cli {
namespace {

using container::Snapshot;
using Show = DataObject::Show;

/// All that is in the store, and its sizes.
struct Stock {
    std::vector<image::Image> images;
    std::map<oci::Digest, std::vector<std::string>> image_users;
    std::vector<Snapshot> containers;
    std::map<std::string, container::DiskUsage> usage;
    std::vector<container::Volume> volumes;
    std::map<std::string, std::vector<std::string>> volume_users;
    std::map<std::string, uint64_t> volume_sizes;
    std::map<std::string, uint64_t> tree_sizes;  ///< by chain
};

Stock take_stock(const image::ImageStore& store) {
    const auto& paths = store.paths();
    Stock s;
    s.images = store.list();
    s.image_users = image_users(paths);
    s.containers = container::take_snapshots(paths);
    s.volumes = container::list_volumes(paths);
    s.volume_users = container::volume_users(paths);
    std::vector<std::string> ids, names;
    for (const auto& c : s.containers) ids.push_back(c.id);
    for (const auto& v : s.volumes) names.push_back(v.name);
    s.usage = container::disk_usage(paths, ids);
    s.volume_sizes = container::volume_sizes(paths, names);
    s.tree_sizes = container::tree_sizes(paths);
    return s;
}

uint64_t bytes_of(const Stock& stock, const Snapshot& s) {
    const auto it = stock.usage.find(s.id);
    return it == stock.usage.end() ? 0 : it->second.writable_bytes;
}

uint64_t bytes_of(const Stock& stock, const container::Volume& v) {
    const auto it = stock.volume_sizes.find(v.name);
    return it == stock.volume_sizes.end() ? 0 : it->second;
}

template <class Map, class Key>
size_t count_users(const Map& users, const Key& key) {
    const auto it = users.find(key);
    return it == users.end() ? 0 : it->second.size();
}

// The summary
// ----------------------------------------------------------------------------------------------------------

struct Line {
    const char* type;
    size_t total = 0, active = 0;
    uint64_t size = 0, reclaimable = 0;
};

/// Of the trees that were unpacked of these images.
uint64_t tree_bytes(const Stock& stock, const std::vector<image::Image>& images) {
    std::set<std::string> chains;
    for (const auto& image : images) chains.insert(image::tree_name(image));
    uint64_t sum = 0;
    for (const auto& [chain, bytes] : stock.tree_sizes) sum += chains.contains(chain) ? bytes : 0;
    return sum;
}

Line image_line(const Stock& stock) {
    std::vector<image::Image> used;
    for (const auto& image : stock.images) {
        if (stock.image_users.contains(image.id)) used.push_back(image);
    }
    const auto size = layer_bytes(stock.images) + tree_bytes(stock, stock.images);
    return {.type = "Images",
            .total = stock.images.size(),
            .active = used.size(),
            .size = size,
            .reclaimable = size - layer_bytes(used) - tree_bytes(stock, used)};
}

Line container_line(const Stock& stock) {
    Line line{.type = "Containers", .total = stock.containers.size()};
    for (const auto& s : stock.containers) {
        line.size += bytes_of(stock, s);
        // One that has ended may still be unmounting.
        if (s.status != "created" && s.status != "exited") {
            ++line.active;
        } else {
            line.reclaimable += bytes_of(stock, s);
        }
    }
    return line;
}

Line volume_line(const Stock& stock) {
    Line line{.type = "Local Volumes", .total = stock.volumes.size()};
    for (const auto& v : stock.volumes) {
        line.size += bytes_of(stock, v);
        if (stock.volume_users.contains(v.name)) {
            ++line.active;
        } else {
            line.reclaimable += bytes_of(stock, v);
        }
    }
    return line;
}

DataObject view_of(const Line& line) {
    const auto percent = line.size == 0 ? 0 : line.reclaimable * 100 / line.size;
    DataObject o{.type = "system.dfSummary"};
    o.add("Type", line.type).add("Total", line.total).add("Active", line.active);
    o.add("RawSize", line.size).add("RawReclaimable", line.reclaimable);
    o.add("Size", human_size(line.size));
    o.add("Reclaimable", fmt::format("{} ({}%)", human_size(line.reclaimable), percent));
    return o;
}

// -v
// ----------------------------------------------------------------------------------------------------------

std::string age(const Timestamp& time) { return human_duration(now().seconds - time.seconds); }

std::string image_table(const Stock& stock) {
    std::map<oci::Digest, int> layer_users;
    for (const auto& image : stock.images) {
        for (const auto& layer : image.layers) ++layer_users[layer.diff_id];
    }
    Report report{.command = "df", .items = {}, .headers = {{"ID", "IMAGE ID"}}};
    for (const auto& image : stock.images) {
        uint64_t shared = 0;
        for (const auto& layer : image.layers) shared += layer_users[layer.diff_id] > 1 ? layer.size : 0;
        DataObject o{.type = "system.dfImage"};
        const auto* name = image.names.empty() ? nullptr : &image.names.front();
        o.add("Repository", name ? name->repository() : "<none>");
        o.add("Tag", name ? name->tag().value_or("<none>") : "<none>").add("ID", image.id.short_hex());
        o.add("Created", age(created_time(image).value_or(Timestamp{})))
            .add("Size", human_size(image.size()));
        o.add("SharedSize", human_size(shared)).add("UniqueSize", human_size(image.size() - shared));
        o.add("Containers", count_users(stock.image_users, image.id));
        report.items.emplace_back(std::move(o));
    }
    return render(report,
                  "table {{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.Created}}\t{{.Size}}\t{{.SharedSize}}\t"
                  "{{.UniqueSize}}\t{{.Containers}}");
}

std::string container_table(const Stock& stock, ContainerImages& images) {
    std::map<std::string, size_t> volumes;
    for (const auto& [name, ids] : stock.volume_users) {
        for (const auto& id : ids) ++volumes[id];
    }
    Report report{.command = "df", .items = {}, .headers = {{"ID", "CONTAINER ID"}}};
    for (const auto& s : stock.containers) {
        DataObject o{.type = "system.dfContainer"};
        o.add("ID", s.id.substr(0, 12)).add("Image", s.config.image_id.substr(0, 12));
        o.add("Command", join(shown_command(s.config, images.find(s.config)), " "));
        o.add("LocalVolumes", volumes[s.id]).add("Size", human_size(bytes_of(stock, s)));
        o.add("Created", age(timestamp(s.created))).add("Status", s.status).add("Names", s.config.name);
        report.items.emplace_back(std::move(o));
    }
    return render(report,
                  "table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.Created}}\t"
                  "{{.Status}}\t{{.Names}}");
}

std::string volume_table(const Stock& stock) {
    Report report{.command = "df"};
    for (const auto& v : stock.volumes) {
        DataObject o{.type = "system.dfVolume"};
        o.add("VolumeName", v.name).add("Links", count_users(stock.volume_users, v.name));
        o.add("Size", human_size(bytes_of(stock, v)));
        report.items.emplace_back(std::move(o));
    }
    return render(report, "table {{.VolumeName}}\t{{.Links}}\t{{.Size}}");
}

struct DfOptions {
    bool verbose = false;
    std::string format;
};

int run_df(Context& ctx, const DfOptions& o) {
    if (o.verbose && !o.format.empty()) throw Error("cannot combine --format and --verbose flags");
    const auto store = open_images(ctx);
    const auto stock = take_stock(store);
    if (o.verbose) {
        ContainerImages images(store);
        ctx.out << "Images space usage:\n\n"
                << image_table(stock) << "\nContainers space usage:\n\n"
                << container_table(stock, images) << "\nLocal Volumes space usage:\n\n"
                << volume_table(stock);
        return 0;
    }
    Report report{.command = "df"};
    for (const auto& line : {image_line(stock), container_line(stock), volume_line(stock)})
        report.items.emplace_back(view_of(line));
    ctx.out << render(report, o.format.empty() ? "table {{.Type}}\t{{.Total}}\t{{.Active}}\t{{.Size}}\t"
                                                 "{{.Reclaimable}}"
                                               : o.format);
    return 0;
}

}  // namespace

Action define_system_df(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<DfOptions>();
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_flag("-v,--verbose", o->verbose, "Show each image, container and volume");
    return [o, &ctx](const Args&) { return run_df(ctx, *o); };
}

}  // namespace rpod::cli
