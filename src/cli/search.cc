// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/search.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/log.hh"
#include "base/strings.hh"
#include "cli/filter_values.hh"
#include "cli/manifests.hh"
#include "cli/registry_options.hh"
#include "cli/report.hh"
#include "oci/reference.hh"
#include "registry/registries_conf.hh"

namespace rpod::cli {
namespace {

constexpr size_t kDefaultLimit = 25;
constexpr size_t kTruncated = 44;

struct SearchOptions {
    bool compatible = false;
    bool list_tags = false;
    bool no_trunc = false;
    size_t limit = 0;
    std::string format;
    std::vector<std::string> filters;
    RegistryOptions registry;

    size_t most() const { return limit == 0 ? kDefaultLimit : std::min(limit, registry::kMaxResults); }
};

struct Filter {
    int64_t stars = 0;
    std::optional<bool> official, automated;

    bool matches(const registry::SearchResult& r) const {
        return r.stars >= stars && r.official == official.value_or(r.official) &&
               r.automated == automated.value_or(r.automated);
    }
};

Filter parse_filter(const std::vector<std::string>& texts) {
    Filter out;
    for (const auto& text : texts) {
        const auto parts = split(text, '=', 2);
        const std::string key(parts[0]);
        const std::string value(parts.size() > 1 ? parts[1] : "");
        if (key == "stars") {
            const auto stars = parse_uint(value, INT64_MAX);
            if (!stars) throw Error("incorrect value type for stars filter '{}'", printable(value));
            out.stars = static_cast<int64_t>(*stars);
        } else if (key == "is-official") {
            out.official = value.empty() || parse_bool_value(value, key);
        } else if (key == "is-automated") {
            out.automated = value.empty() || parse_bool_value(value, key);
        } else {
            throw Error("invalid filter type '{}': stars, is-automated and is-official are known",
                        printable(key));
        }
    }
    return out;
}

/// A registry and what is looked for in it.
struct Query {
    std::string registry;
    std::string term;
};

std::vector<Query> queries_of(const std::string& text) {
    const size_t slash = text.find('/');
    if (slash != std::string::npos && oci::Reference::names_domain(text))
        return {Query{.registry = text.substr(0, slash), .term = text.substr(slash + 1)}};
    std::vector<Query> out;
    for (auto& registry : registry::RegistriesConf::load().search_registries())
        out.push_back(Query{.registry = std::move(registry), .term = text});
    if (out.empty()) {
        throw Error(
            "search '{}': no registry is named, and registries.conf has no unqualified-search-registries",
            printable(text))
            .with_hint("name one: rpod search REGISTRY/TERM");
    }
    return out;
}

std::string short_description(std::string text, bool whole) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    text = printable(text);
    return text.size() > kTruncated && !whole ? text.substr(0, kTruncated) + "..." : text;
}

DataObject make_row(const std::string& registry, const registry::SearchResult& r, bool no_trunc) {
    const bool library = registry == "docker.io" && r.name.find('/') == std::string::npos;
    DataObject o{.type = "registry.searchReport"};
    o.add("Index", registry);
    o.add("Name", fmt::format("{}/{}{}", registry, library ? "library/" : "", printable(r.name)));
    o.add("Description", short_description(r.description, no_trunc));
    o.add("Stars", r.stars);
    o.add("Official", r.official ? "[OK]" : "").add("Automated", r.automated ? "[OK]" : "");
    o.add("Tag", "");
    return o;
}

registry::ClientOptions options_for(const std::string& registry, const RegistryOptions& o) {
    auto options = client_options(o);
    if (!options.tls_verify && registry::RegistriesConf::load().is_insecure(registry))
        options.tls_verify = false;
    return options;
}

int run_find(Context& ctx, const SearchOptions& o, const std::string& term) {
    const auto filter = parse_filter(o.filters);
    Report report{.command = "search"};
    const auto queries = queries_of(term);
    size_t failed = 0;
    for (const auto& query : queries) {
        try {
            const auto options = options_for(query.registry, o.registry);
            for (const auto& found : registry::search(query.registry, query.term, o.most(), options)) {
                if (filter.matches(found))
                    report.items.emplace_back(make_row(query.registry, found, o.no_trunc));
            }
        } catch (const Error& e) {
            if (++failed == queries.size()) throw;
            log::warn("{}", e.what());
        }
    }
    // As podman: nothing at all, no line of headings either.
    if (report.items.empty() && o.format.empty()) return 0;
    const std::string columns =
        o.compatible ? "table {{.Name}}\t{{.Description}}\t{{.Stars}}\t{{.Official}}\t{{.Automated}}"
                     : "table {{.Name}}\t{{.Description}}";
    ctx.out << render(report, o.format.empty() ? columns : o.format);
    return 0;
}

int run_tags(Context& ctx, const SearchOptions& o, std::string text) {
    if (!o.filters.empty()) throw Error("filters are not applicable to list tags result");
    constexpr std::string_view kDocker = "docker://";
    if (text.starts_with(kDocker)) text.erase(0, kDocker.size());
    const auto conf = registry::RegistriesConf::load();
    const auto name = conf.resolve(text).front();
    if (name.tag() || name.digest())
        throw Error("search '{}': --list-tags takes a name without a tag", printable(text));
    const auto place = conf.places(name).back();
    auto options = client_options(o.registry);
    if (!options.tls_verify && place.insecure) options.tls_verify = false;
    auto tags = registry::Client(place.name.domain(), place.name.path(), options).tags();
    if (tags.size() > o.most()) tags.resize(o.most());
    Report report{.command = "search"};
    if (o.format == "json") {
        std::vector<std::string> shown;
        for (const auto& tag : tags) shown.push_back(printable(tag));
        DataObject all{.type = "registry.listEntryTag"};
        all.add("Name", name.repository()).add("Tags", Data::strings(shown));
        report.items.emplace_back(std::move(all));
    }
    for (const auto& tag : o.format == "json" ? std::vector<std::string>{} : tags) {
        DataObject row{.type = "registry.searchReport"};
        row.add("Name", name.repository()).add("Tag", printable(tag));
        report.items.emplace_back(std::move(row));
    }
    ctx.out << render(report, o.format.empty() ? "table {{.Name}}\t{{.Tag}}" : o.format);
    return 0;
}

int run_search(Context& ctx, const SearchOptions& o, const Args& args) {
    if (o.compatible && o.list_tags) throw Error("--compatible and --list-tags exclude each other");
    return o.list_tags ? run_tags(ctx, o, args[0]) : run_find(ctx, o, args[0]);
}

Action define_search(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<SearchOptions>();
    flags.add_flag("--compatible", o->compatible, "Show stars, official and automated too");
    flags
        .add_option("-f,--filter", o->filters,
                    "Show only what it holds for: stars, is-automated, is-official")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_option("--limit", o->limit, "Show so many of each registry (default 25)")->type_name("N");
    flags.add_flag("--list-tags", o->list_tags, "List the tags of a repository");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole descriptions");
    define_registry_access(flags, o->registry);
    define_transfer(flags, o->registry);
    return [o, &ctx](const Args& args) { return run_search(ctx, *o, args); };
}

}  // namespace

std::vector<Command> search_commands() {
    return {Command{.name = "search",
                    .arguments = "[options] TERM",
                    .summary = "Search registries for images",
                    .arity = {.min = 1, .max = 1},
                    .define = define_search}};
}

}  // namespace rpod::cli
