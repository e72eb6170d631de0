// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/container_inspect.hh"
#include "cli/container_view.hh"
#include "cli/pods.hh"
#include "cli/report.hh"
#include "cli/stores.hh"
#include "cli/template.hh"
#include "pod/record.hh"

namespace rpod::cli {
namespace {

using pod::PodSnapshot;
using Show = DataObject::Show;

struct ListOptions {
    std::vector<std::string> filters;
    std::string format, sort = "created";
    bool ids = false, names = false, statuses = false, namespaces = false;
    bool latest = false, no_heading = false, no_trunc = false, quiet = false;
};

template <class Get>
std::string of_members(const PodSnapshot& p, Get get) {
    std::vector<std::string> out;
    for (const auto& member : p.members) out.push_back(get(member));
    return join(out, ",");
}

DataList member_list(const PodSnapshot& p) {
    DataList out;
    for (const auto& member : p.members) {
        DataObject o{.type = "entities.ListPodContainer"};
        o.add("Id", member.id).add("Names", member.config.name).add("Status", member.status);
        out.emplace_back(std::move(o));
    }
    return out;
}

std::vector<std::string> shared_names(const pod::PodConfig& config) {
    std::vector<std::string> out;
    for (const auto type : config.shared) out.emplace_back(pod::share_name(type));
    std::sort(out.begin(), out.end());
    return out;
}

DataObject make_view(const PodSnapshot& p, const ListOptions& o) {
    const auto& base = p.config.base;
    DataObject out{.type = "pods.ListPodReporter"};
    const auto shown = [&](const char* name, Data value) {
        out.add(name, std::move(value), {}, Show::templates);
    };
    out.add("Cgroup", "");
    out.add("", member_list(p), "Containers");
    out.add("", timestamp(p.created), "Created");
    shown("Created", ago(timestamp(p.created)));
    out.add("", p.id, "Id");
    shown("ID", shown_id(p.id, o.no_trunc));
    shown("Id", shown_id(p.id, o.no_trunc));
    // The monitor is what holds the namespaces: there is no container for that.
    out.add("InfraId", "");
    shown("InfraID", "");
    out.add("Name", base.name).add("Namespace", "");
    out.add("Networks", Data::strings(base.network.networks)).add("Status", p.status);
    out.add("Labels", Data::string_map_or_nil(base.labels));
    shown("NumberOfContainers", int64_t(p.members.size()));
    shown("ContainerIds", of_members(p, [&](const auto& m) { return shown_id(m.id, o.no_trunc); }));
    shown("ContainerNames", of_members(p, [](const auto& m) { return m.config.name; }));
    shown("ContainerStatuses", of_members(p, [](const auto& m) { return m.status; }));
    shown("Restarts", int64_t{0});
    shown("NAMESPACES", join(shared_names(p.config), ","));
    out.methods["Label"] = label_method(base.labels);
    return out;
}

std::string default_format(const ListOptions& o) {
    std::string format = "table {{.Id}}\t{{.Name}}\t{{.Status}}\t{{.Created}}\t{{.InfraId}}";
    if (o.ids) format += "\t{{.ContainerIds}}";
    if (o.names) format += "\t{{.ContainerNames}}";
    if (o.statuses) format += "\t{{.ContainerStatuses}}";
    if (o.namespaces) format += "\t{{.NAMESPACES}}";
    if (!o.ids && !o.names && !o.statuses) format += "\t{{.NumberOfContainers}}";
    return format;
}

void sort_by(std::vector<PodSnapshot>& pods, const std::string& field) {
    const auto by = [&](auto key) {
        std::stable_sort(pods.begin(), pods.end(),
                         [&](const PodSnapshot& a, const PodSnapshot& b) { return key(a) < key(b); });
    };
    if (field == "created") return by([](const PodSnapshot& p) { return p.created; });
    if (field == "id") return by([](const PodSnapshot& p) { return p.id; });
    if (field == "name") return by([](const PodSnapshot& p) { return p.config.base.name; });
    if (field == "number") return by([](const PodSnapshot& p) { return p.members.size(); });
    if (field == "status") return by([](const PodSnapshot& p) { return p.status; });
    throw Error("invalid argument \"{}\" for \"--sort\" flag: choose from: created, id, name, number, status",
                printable(field));
}

int run_list(Context& ctx, const ListOptions& o) {
    if (o.quiet && !o.format.empty()) throw Error("quiet and format are mutually exclusive");
    const PodFilter filter(o.filters);
    auto pods = pod::take_pod_snapshots(open_store(ctx));
    // The newest first, as podman.
    std::reverse(pods.begin(), pods.end());
    std::erase_if(pods, [&](const PodSnapshot& p) { return !filter.matches(p); });
    if (o.latest && pods.size() > 1) pods.resize(1);
    if (o.sort != "created") sort_by(pods, o.sort);
    if (o.quiet) {
        for (const auto& p : pods) ctx.out << shown_id(p.id, o.no_trunc) << "\n";
        return 0;
    }
    Report report{.command = "pod ps",
                  .items = {},
                  .headers = {{"Id", "POD ID"},
                              {"ID", "POD ID"},
                              {"InfraId", "INFRA ID"},
                              {"InfraID", "INFRA ID"},
                              {"ContainerIds", "IDS"},
                              {"ContainerNames", "NAMES"},
                              {"ContainerStatuses", "STATUS"},
                              {"NumberOfContainers", "# OF CONTAINERS"}},
                  .heading = !o.no_heading,
                  .json_indent = 5};
    for (const auto& p : pods) report.items.emplace_back(make_view(p, o));
    ctx.out << render(report, o.format.empty() ? default_format(o) : o.format);
    return 0;
}

Action define_ps(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<ListOptions>();
    flags.add_flag("--ctr-ids", o->ids, "Show the IDs of their containers");
    flags.add_flag("--ctr-names", o->names, "Show the names of their containers");
    flags.add_flag("--ctr-status", o->statuses, "Show what their containers do");
    flags.add_option("-f,--filter", o->filters, "Only pods for which it holds")->type_name("KEY=VALUE");
    flags.add_option("--format", o->format, "json, or a Go template for each pod")->type_name("FORMAT");
    flags.add_flag("-l,--latest", o->latest, "Only the pod that was made last");
    flags.add_flag("--noheading", o->no_heading, "Do not print the column headings");
    flags.add_flag("--no-trunc", o->no_trunc, "Show whole IDs");
    flags.add_flag("--ns", o->namespaces, "Show the namespaces that the containers share");
    flags.add_flag("-q,--quiet", o->quiet, "Print IDs only");
    flags.add_option("--sort", o->sort, "Order: created, id, name, number, status (default created)")
        ->type_name("FIELD");
    return [o, &ctx](const Args&) { return run_list(ctx, *o); };
}

// inspect
// ----------------------------------------------------------------------------------------------------------

DataObject infra_config(const pod::PodConfig& config) {
    const auto& network = config.base.network;
    DataObject o{.type = "define.InspectPodInfraConfig"};
    o.add("PortBindings", port_bindings(network.ports, {}));
    o.add("HostNetwork", network.networks == std::vector<std::string>{"host"});
    o.add("StaticIP", "").add("StaticMAC", "");
    o.add("NoManageResolvConf", network.dns_servers == std::vector<std::string>{"none"});
    o.add("DNSServer", Data::strings_or_nil(network.dns_servers));
    o.add("DNSSearch", Data::strings_or_nil(network.dns_search));
    o.add("DNSOption", Data::strings_or_nil(network.dns_options));
    o.add("NoManageHosts", network.no_hosts).add("HostAdd", Data::strings_or_nil(network.add_host));
    o.add("Networks", Data::strings_or_nil(network.networks)).add("NetworkOptions", Data::nil_map());
    return o;
}

DataObject make_inspect(const PodSnapshot& p) {
    const auto& base = p.config.base;
    DataList containers;
    for (const auto& member : p.members) {
        DataObject o{.type = "define.InspectPodContainerInfo"};
        o.add("Id", member.id).add("Name", member.config.name).add("State", member.status);
        containers.emplace_back(std::move(o));
    }
    DataObject out{.type = "define.InspectPodData"};
    out.add("ID", p.id, "Id").add("Id", p.id, {}, Show::templates);
    out.add("Name", base.name).add("Created", timestamp(p.created));
    out.add("ExitPolicy", pod::exit_policy_name(p.config.exit_policy)).add("State", p.status);
    out.add("Hostname", pod::pod_hostname(p.config)).add("Labels", Data::string_map(base.labels));
    out.add("CreateCgroup", false).add("CgroupParent", "").add("CgroupPath", "");
    out.add("CreateInfra", false).add("InfraContainerID", "").add("InfraConfig", infra_config(p.config));
    out.add("SharedNamespaces", Data::strings(shared_names(p.config)));
    out.add("NumContainers", int64_t(p.members.size())).add("Containers", std::move(containers));
    out.add("RestartPolicy", base.restart.empty() ? "no" : base.restart);
    return out;
}

struct InspectOptions {
    std::string format;
    bool latest = false;
};

int run_inspect(Context& ctx, const InspectOptions& o, const Args& args) {
    if (o.latest == !args.empty()) throw Error("you must provide the name or id of a running pod");
    const auto paths = open_store(ctx);
    const auto id = o.latest ? pod::latest_pod(paths) : pod::find_pod(paths, args[0]);
    const Data data(make_inspect(pod::take_pod_snapshot(paths, id)));
    if (o.format.empty() || o.format == "json") {
        ctx.out << data.to_json().dump(5) << "\n";
    } else {
        ctx.out << Template("pod inspect", o.format).run(data) << "\n";
    }
    return 0;
}

Action define_inspect(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<InspectOptions>();
    flags.add_option("-f,--format", o->format, "json, or a Go template")->type_name("FORMAT");
    flags.add_flag("-l,--latest", o->latest, "The pod that was made last");
    return [o, &ctx](const Args& args) { return run_inspect(ctx, *o, args); };
}

}  // namespace

std::vector<Command> pod_show_commands() {
    const Command ps{.name = "pod ps",
                     .arguments = "[options]",
                     .summary = "List pods",
                     .arity = kNoArgs,
                     .define = define_ps};
    return {ps,
            in_group("pod ls", ps),
            in_group("pod list", ps),
            {.name = "pod inspect",
             .arguments = "[options] POD",
             .summary = "Show the details of a pod",
             .arity = {.min = 0, .max = 1},
             .define = define_inspect}};
}

}  // namespace rpod::cli
