// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/secrets.hh"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <ostream>

#include "base/strings.hh"
#include "cli/container_select.hh"
#include "cli/container_view.hh"
#include "cli/filter_tests.hh"
#include "cli/filter_values.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "cli/template.hh"
#include "container/parse_env.hh"
#include "container/secret_store.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

using container::Secret;
using Show = DataObject::Show;

constexpr size_t kMaxInput = 1 << 20;  ///< the store judges the size; this is against endless ones

// create
// ----------------------------------------------------------------------------------------------------------

struct CreateOptions {
    std::string driver = "file";
    std::vector<std::string> labels, driver_options;
    bool env = false, replace = false, ignore = false;
};

std::string read_data(Context& ctx, const CreateOptions& o, const std::string& source) {
    if (o.env) {
        const char* value = std::getenv(source.c_str());
        if (!value)
            throw Error("cannot create store secret data: environment variable {} is not set",
                        printable(source));
        return value;
    }
    if (source == "-") return sys::read_all(ctx.in, "standard input", kMaxInput);
    return sys::read_file(source, kMaxInput);
}

int run_create(Context& ctx, const CreateOptions& o, const Args& args) {
    if (o.driver != "file")
        throw Error("--driver {}: there are no secret drivers but file", printable(o.driver));
    if (!o.driver_options.empty()) throw Error("--driver-opts: the driver file has no options");
    if (o.replace && o.ignore) throw Error("--replace and --ignore cannot be used together");
    Secret secret{.name = args[0], .id = {}, .created = {}, .updated = {}, .labels = {}};
    for (const auto& text : o.labels) container::take_label(secret.labels, text, "label");
    const auto paths = open_store(ctx);
    if (o.ignore) {
        const auto existing = container::find_secret(paths, secret.name);
        if (existing && existing->name == secret.name) {
            ctx.out << existing->id << "\n";
            return 0;
        }
    }
    const auto data = read_data(ctx, o, args[1]);
    ctx.out << container::create_secret(paths, std::move(secret), data, o.replace).id << "\n";
    return 0;
}

// ls, inspect
// ----------------------------------------------------------------------------------------------------------

DataObject make_row(const Secret& s) {
    DataObject o{.type = "entities.SecretListReport"};
    o.add("ID", s.id).add("Name", s.name).add("Driver", "file");
    o.add("CreatedAt", ago(timestamp(s.created))).add("UpdatedAt", ago(timestamp(s.updated)));
    return o;
}

DataObject make_view(const Secret& s) {
    DataObject driver{.type = "entities.SecretDriverSpec"};
    driver.add("Name", "file").add("Options", DataMap{});
    DataObject spec{.type = "entities.SecretSpec"};
    spec.add("Name", s.name).add("Driver", std::move(driver)).add("Labels", Data::string_map(s.labels));
    DataObject o{.type = "entities.SecretInfoReport"};
    o.add("ID", s.id).add("CreatedAt", timestamp(s.created)).add("UpdatedAt", timestamp(s.updated));
    o.add("Spec", std::move(spec));
    return o;
}

/// --filter: name or id; of all that are given one must hold.
FilterTests<Secret> parse_filters(const std::vector<std::string>& filters) {
    FilterTests<Secret> tests;
    for (const auto& filter : filters) {
        const auto parsed = parse_filter(filter);
        const std::string value = parsed.second;
        if (parsed.first == "name") {
            tests.add_any("",
                          [pattern = Pattern(value)](const Secret& s) { return pattern.matches(s.name); });
        } else if (parsed.first == "id") {
            tests.add_any("", [value](const Secret& s) { return s.id.starts_with(value); });
        } else {
            throw Error("\"{}\" is an invalid secret filter", printable(parsed.first));
        }
    }
    return tests;
}

struct ListOptions {
    std::vector<std::string> filters;
    std::string format;
    bool no_heading = false, quiet = false;
};

int run_list(Context& ctx, const ListOptions& o) {
    Report report{.command = "ls",
                  .items = {},
                  .headers = {{"CreatedAt", "CREATED"}, {"UpdatedAt", "UPDATED"}},
                  .heading = !o.no_heading};
    const auto filter = parse_filters(o.filters);
    for (const auto& secret : container::list_secrets(open_store(ctx))) {
        if (!filter.hold(secret)) continue;
        if (o.quiet) ctx.out << secret.id << "\n";
        report.items.emplace_back(make_row(secret));
    }
    if (o.quiet) return 0;
    constexpr const char* kTable = "table {{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.CreatedAt}}\t{{.UpdatedAt}}";
    ctx.out << render(report, o.format.empty() ? kTable : o.format);
    return 0;
}

struct InspectOptions {
    std::string format;
    bool pretty = false;
};

std::string pretty(const Secret& s) {
    auto text =
        fmt::format("{:<18} {}\n{:<18} {}\n{:<18} {}\n", "ID:", s.id, "Name:", s.name, "Driver:", "file");
    for (const auto& [key, value] : s.labels)
        text += fmt::format("{:<18} {}\n", "Label:", printable(key + "=" + value));
    return text + fmt::format("{:<18} {}\n{:<18} {}\n", "Created at:", format_go_time(timestamp(s.created)),
                              "Updated at:", format_go_time(timestamp(s.updated)));
}

int run_inspect(Context& ctx, const InspectOptions& o, const Args& args) {
    if (o.pretty && !o.format.empty()) throw Error("--pretty and --format cannot be used together");
    const auto paths = open_store(ctx);
    std::vector<Secret> found;
    std::vector<std::string> problems;
    for (const auto& name : args) {
        try {
            found.push_back(container::get_secret(paths, name));
        } catch (const Error& e) {
            problems.push_back(fmt::format("inspecting secret: {}", e.what()));
        }
    }
    DataList views;
    for (const auto& secret : found) views.emplace_back(make_view(secret));
    if (o.pretty) {
        for (const auto& secret : found) ctx.out << pretty(secret);
    } else if (o.format.empty() || o.format == "json") {
        ctx.out << Data(views).to_json().dump(4) << "\n";
    } else {
        const Template format("inspect", o.format);
        for (const auto& view : views) ctx.out << format.run(view) << "\n";
    }
    if (!problems.empty()) throw Error(join(problems, "\n"));
    return 0;
}

// rm
// ----------------------------------------------------------------------------------------------------------

struct RemoveOptions {
    bool all = false, ignore = false;
};

int run_rm(Context& ctx, const RemoveOptions& o, Args args) {
    if (o.all == !args.empty()) throw Error("`secret rm` requires at least one argument, or the --all flag");
    const auto paths = open_store(ctx);
    if (o.all) {
        for (const auto& secret : container::list_secrets(paths)) args.push_back(secret.name);
    }
    int code = 0;
    for (const auto& name : args) {
        try {
            const auto found =
                o.ignore ? container::find_secret(paths, name) : container::get_secret(paths, name);
            if (!found) continue;
            container::remove_secret(paths, *found);
            ctx.out << found->id << "\n";
        } catch (const Error& e) {
            print_error(ctx, e);
            code = e.exit_code();
        }
    }
    return code;
}

// The flags
// ----------------------------------------------------------------------------------------------------------

Action define_create(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CreateOptions>();
    flags.add_option("-d,--driver", o->driver, "Secret driver; only: file")->type_name("DRIVER");
    flags.add_option("--driver-opts", o->driver_options, "Options of the driver (file has none)")
        ->type_name("KEY=VALUE")
        ->group("");
    flags.add_flag("--env", o->env, "Take the value of a variable, which is named in the place of the file");
    flags.add_flag("--ignore", o->ignore, "One that exists already is no error, and stays as it is");
    flags.add_option("-l,--label", o->labels, "Attach a label")->type_name("KEY[=VALUE]");
    flags.add_flag("--replace", o->replace, "Give one that exists already the new content");
    return [o, &ctx](const Args& args) { return run_create(ctx, *o, args); };
}

Action define_list(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ListOptions>();
    flags.add_option("-f,--filter", o->filters, "Show only secrets for which it holds; name, id")
        ->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "\"json\", or a Go template")->type_name("TEMPLATE");
    flags.add_flag("-n,--noheading,--no-heading", o->no_heading, "Show no line of headings");
    flags.add_flag("-q,--quiet", o->quiet, "Show IDs only");
    return [o, &ctx](const Args&) { return run_list(ctx, *o); };
}

Action define_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<InspectOptions>();
    flags.add_option("-f,--format", o->format, "\"json\", or a Go template for each")->type_name("TEMPLATE");
    flags.add_flag("--pretty", o->pretty, "Show lines for people");
    return [o, &ctx](const Args& args) { return run_inspect(ctx, *o, args); };
}

Action define_rm(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<RemoveOptions>();
    flags.add_flag("-a,--all", o->all, "Remove all secrets");
    flags.add_flag("-i,--ignore", o->ignore, "A missing secret is no error");
    return [o, &ctx](const Args& args) { return run_rm(ctx, *o, args); };
}

Action define_exists(CLI::App&, Context& ctx) {
    return [&ctx](const Args& args) { return container::find_secret(open_store(ctx), args[0]) ? 0 : 1; };
}

}  // namespace

std::vector<Command> secret_commands() {
    const Command list{.name = "secret ls",
                       .arguments = "[options]",
                       .summary = "List secrets",
                       .arity = kNoArgs,
                       .define = define_list};
    return {Command{.name = "secret", .summary = "Manage secrets"},
            Command{.name = "secret create",
                    .arguments = "[options] NAME FILE|-",
                    .summary = "Keep a secret for containers",
                    .arity = {.min = 2, .max = 2},
                    .define = define_create},
            Command{.name = "secret exists",
                    .arguments = "SECRET",
                    .summary = "Tell by the exit code whether a secret exists",
                    .arity = {.min = 1, .max = 1},
                    .define = define_exists},
            Command{.name = "secret inspect",
                    .arguments = "[options] SECRET [SECRET...]",
                    .summary = "Show all that is known of secrets but what they hold",
                    .arity = kOneOrMore,
                    .define = define_inspect},
            list,
            in_group("secret list", list),
            Command{.name = "secret rm",
                    .arguments = "[options] SECRET [SECRET...]",
                    .summary = "Remove secrets",
                    .define = define_rm}};
}

}  // namespace rpod::cli
