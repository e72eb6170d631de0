// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// info, version.
#include "cli/system.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "cli/persona.hh"
#include "cli/run_options.hh"
#include "cli/stores.hh"
#include "cli/template.hh"

namespace rpod::cli {
namespace {

struct FormatOption {
    std::string format;
};

std::string os_and_architecture() { return "linux/" + Surroundings::here().architecture; }

int run_version(Context& ctx, const FormatOption& o) {
    const auto data = version_data(ctx);
    if (o.format == "json") {
        ctx.out << data.to_json().dump(2) << "\n";
    } else if (!o.format.empty()) {
        ctx.out << Template("version", o.format).run(data) << "\n";
    } else {
        const auto self = persona(ctx);
        ctx.out << fmt::format("{:<14}{}\n", "Client:", self.engine)
                << fmt::format("{:<14}{}\n", "Version:", self.version)
                << fmt::format("{:<14}{}\n", "API Version:", self.api)
                << fmt::format("{:<14}{}\n", "OS/Arch:", os_and_architecture());
    }
    return 0;
}

int run_info(Context& ctx, const FormatOption& o) {
    const auto data = info_data(ctx);
    if (o.format == "json") {
        ctx.out << data.to_json().dump(2) << "\n";
    } else if (!o.format.empty()) {
        ctx.out << Template("info", o.format).run(data) << "\n";
    } else {
        ctx.out << to_yaml(data);
    }
    return 0;
}

void add_format(CLI::App& flags, FormatOption& o) {
    flags.add_option("-f,--format", o.format, "\"json\", or a Go template")->type_name("TEMPLATE");
}

Action define_version(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<FormatOption>();
    add_format(flags, *o);
    return [o, &ctx](const Args&) { return run_version(ctx, *o); };
}

Action define_info(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<FormatOption>();
    add_format(flags, *o);
    return [o, &ctx](const Args&) { return run_info(ctx, *o); };
}

}  // namespace

DataObject version_part(const Context& ctx) {
    const auto self = persona(ctx);
    DataObject o{.type = "define.Version"};
    o.add("APIVersion", self.api).add("Version", self.version).add("GoVersion", "").add("GitCommit", "");
    o.add("BuiltTime", "").add("Built", 0).add("OsArch", os_and_architecture()).add("Os", "linux");
    return o;
}

Data version_data(const Context& ctx) {
    const auto part = version_part(ctx);
    DataObject o{.type = "entities.SystemVersionReport"};
    // There is no other side: the same program answers for both.
    o.add("Client", part).add("Server", part);
    return o;
}

std::vector<Command> system_commands() {
    const Command info{.name = "info",
                       .arguments = "[options]",
                       .summary = "Show what rpod finds on this machine",
                       .arity = kNoArgs,
                       .define = define_info};
    return {info, Command{.name = "system", .summary = "Manage rpod"}, in_group("system info", info),
            Command{.name = "version",
                    .arguments = "[options]",
                    .summary = "Show the version",
                    .arity = kNoArgs,
                    .define = define_version}};
}

}  // namespace rpod::cli
