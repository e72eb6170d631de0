// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/config_show.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>
#include <set>

#include "base/strings.hh"
#include "cli/conf_defaults.hh"
#include "cli/data.hh"
#include "cli/report.hh"

namespace rpod::cli {
namespace {

constexpr const char* kTable = "table {{.Key}}\t{{.Value}}";
constexpr const char* kOriginTable = "table {{.Key}}\t{{.Value}}\t{{.Origin}}\t{{.Note}}";

struct ShowOptions {
    bool origin = false;
    std::string format;
};

DataObject make_row(std::string_view key, const std::string& value, const std::string& origin,
                    std::string_view note) {
    DataObject o{.type = "config.Setting"};
    o.add("Key", std::string(key)).add("Value", printable(value));
    o.add("Origin", printable(origin)).add("Note", std::string(note));
    return o;
}

/// All that rpod heeds, and what else the files set.
DataList make_rows(const ContainersConf& conf) {
    DataList rows;
    std::set<std::string, std::less<>> set_keys;
    for (auto& key : conf.keys()) set_keys.insert(std::move(key));
    for (const auto& known : conf_keys()) {
        const bool is_set = set_keys.erase(std::string(known.name)) > 0;
        if (is_set) {
            const auto note =
                known.unused.empty() ? std::string() : fmt::format("not used: {}", known.unused);
            rows.emplace_back(make_row(known.name, conf.shown(known.name), conf.origin(known.name), note));
        } else if (known.unused.empty()) {
            rows.emplace_back(make_row(known.name, std::string(known.built_in), "built in", {}));
        }
    }
    for (const auto& key : set_keys)
        rows.emplace_back(make_row(printable(key), conf.shown(key), conf.origin(key), "not known to rpod"));
    return rows;
}

int run_show(Context& ctx, const ShowOptions& o, const Args& args) {
    auto rows = make_rows(ContainersConf::load());
    const auto key_of = [](const Data& row) { return *row.object()->find("Key")->text(); };
    for (const auto& arg : args) {
        if (std::none_of(rows.begin(), rows.end(), [&](const Data& row) { return key_of(row) == arg; }))
            throw Error("config show: no key '{}' is known or set", printable(arg))
                .with_hint("keys are named by table and key: containers.netns");
    }
    if (!args.empty()) {
        rows.erase(std::remove_if(rows.begin(), rows.end(),
                                  [&](const Data& row) {
                                      return std::find(args.begin(), args.end(), key_of(row)) == args.end();
                                  }),
                   rows.end());
    }
    const Report report{.command = "config show", .items = std::move(rows)};
    ctx.out << render(report, !o.format.empty() ? o.format : o.origin ? kOriginTable : kTable);
    return 0;
}

Action define_show(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ShowOptions>();
    flags.add_flag("--origin", o->origin,
                   "Show which line of which file set it, and what rpod has no use for");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    return [o, &ctx](const Args& args) { return run_show(ctx, *o, args); };
}

}  // namespace

std::vector<Command> config_commands() {
    return {Command{.name = "config", .summary = "Look at the defaults that containers.conf sets"},
            Command{.name = "config show",
                    .arguments = "[options] [KEY...]",
                    .summary = "Show the defaults for containers, and where they come from",
                    .arity = kAnyArgs,
                    .define = define_show}};
}

}  // namespace rpod::cli
