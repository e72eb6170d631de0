// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/container_view.hh"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <variant>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/image_name.hh"
#include "container/network_store.hh"
#include "container/spec.hh"
#include "sys/namespace.hh"

namespace rpod::cli {
namespace {

using Show = DataObject::Show;
using container::Snapshot;

std::string title(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

/// "4026531840"; empty where the process is gone.
std::string namespace_number(pid_t pid, int flag) {
    const auto path = fmt::format("/proc/{}/ns/{}", pid, sys::namespace_file(flag));
    std::array<char, 64> target{};
    const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
    if (n <= 0) return {};
    const std::string text(target.data(), static_cast<size_t>(n));
    const auto open = text.find('[');
    return open == std::string::npos ? std::string() : text.substr(open + 1, text.size() - open - 2);
}

constexpr std::array<std::pair<const char*, int>, 7> kNamespaces{{{"MNT", CLONE_NEWNS},
                                                                  {"Cgroup", CLONE_NEWCGROUP},
                                                                  {"IPC", CLONE_NEWIPC},
                                                                  {"NET", CLONE_NEWNET},
                                                                  {"PIDNS", CLONE_NEWPID},
                                                                  {"UTS", CLONE_NEWUTS},
                                                                  {"User", CLONE_NEWUSER}}};

/// Each is a field in templates; JSON has them as one object.
void add_namespaces(DataObject& out, const Snapshot& s, bool wanted) {
    DataObject json{.type = "entities.ListContainerNamespaces"};
    for (const auto& [name, flag] : kNamespaces) {
        const auto number =
            wanted && s.is_running() && s.state ? namespace_number(s.state->pid, flag) : std::string();
        out.add(name, number, {}, Show::templates);
        json.add(name, number, std::string_view(name) == "MNT" ? "Mnt" : name, Show::unless_empty);
    }
    out.add("Namespaces", std::move(json));
}

DataList make_ports(const std::vector<net::PortMapping>& ports) {
    DataList out;
    for (const auto& p : ports) {
        DataObject o{.type = "types.PortMapping"};
        o.add("HostIP", p.host_ip, "host_ip").add("ContainerPort", int{p.container_port}, "container_port");
        o.add("HostPort", int{p.host_port}, "host_port").add("Range", int{p.range}, "range");
        o.add("Protocol", net::name(p.transport), "protocol");
        out.emplace_back(std::move(o));
    }
    return out;
}

std::vector<std::string> network_names(const container::NetworkConfig& config) {
    std::vector<std::string> out;
    for (const auto& text : config.networks) {
        if (container::is_network_name(text)) out.push_back(container::network_name(text));
    }
    return out;
}

std::string spaced_size(uint64_t bytes) { return human_size(bytes, 3); }

/// The command in a table: 17 characters of it.
std::string short_command(const std::vector<std::string>& command, bool no_trunc) {
    const auto text = join(command, " ");
    return no_trunc || text.size() <= 17 ? text : text.substr(0, 17) + "...";
}

void add_sizes(DataObject& out, const image::Image* image, const container::DiskUsage* usage) {
    const uint64_t image_size = image ? image->size() : 0;
    DataObject size{.type = "define.ContainerSize"};
    const uint64_t rw = usage ? usage->writable_bytes : 0;
    size.add("RootFsSize", image_size + rw, "rootFsSize").add("RwSize", rw, "rwSize");
    const auto text =
        usage ? fmt::format("{} (virtual {})", spaced_size(rw), spaced_size(image_size + rw)) : std::string();
    out.add("Size", text, {}, Show::templates);
    out.add("", usage ? Data(std::move(size)) : Data(), "Size");
}

}  // namespace

std::vector<std::string> exposed_ports(const container::ContainerConfig& config, const image::Image* image) {
    auto out = config.network.expose;
    if (image) {
        const auto& ports = image->config.config.exposed_ports;
        out.insert(out.end(), ports.begin(), ports.end());
    }
    return out;
}

const image::Image* ContainerImages::find(const container::ContainerConfig& config) {
    if (config.image_id.empty()) return nullptr;
    const auto [it, fresh] = images_.try_emplace(config.image_id);
    if (fresh) it->second = store_.find(config.image_id);
    return it->second ? &*it->second : nullptr;
}

std::string ContainerImages::name(const container::ContainerConfig& config) {
    const auto* image = find(config);
    if (!image) return config.image;
    return container::full_image_name(config.image, *image);
}

std::vector<std::string> shown_command(const container::ContainerConfig& config, const image::Image* image) {
    if (!config.command.empty()) return config.command;
    if (config.entrypoint || !image) return {};
    return image->config.config.cmd;
}

std::vector<std::string> mount_points(const container::ContainerConfig& config, const image::Image* image) {
    std::vector<std::string> out;
    for (const auto& mount : container::effective_mounts(config, image ? &image->config.config : nullptr)) {
        const bool shown = std::holds_alternative<container::BindMount>(mount) ||
                           std::holds_alternative<container::VolumeMount>(mount);
        if (shown) out.push_back(container::destination_of(mount));
    }
    std::sort(out.begin(), out.end());
    return out;
}

Timestamp timestamp(container::Time time) {
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
    return {.seconds = ns / 1'000'000'000, .nanoseconds = static_cast<uint32_t>(ns % 1'000'000'000)};
}

std::string ago(Timestamp time) { return human_duration(now().seconds - time.seconds) + " ago"; }

std::string shown_id(const std::string& id, bool whole) { return whole ? id : id.substr(0, 12); }

std::string status_text(const Snapshot& s) {
    if (s.status == "running") {
        const auto since = s.state && s.state->started ? timestamp(*s.state->started) : now();
        const auto health =
            s.health ? fmt::format(" ({})", container::health_name(s.health->status)) : std::string();
        return "Up " + human_duration(now().seconds - since.seconds) + health;
    }
    if (s.status == "exited") {
        // Where its monitor was killed nobody saw the end.
        if (!s.exit) return "Exited (0)";
        return fmt::format("Exited ({}) {}", s.exit_code(), ago(timestamp(s.exit->finished)));
    }
    return title(s.status);
}

DataObject make_view(const Snapshot& s, ContainerImages& images, const ViewOptions& o,
                     const container::DiskUsage* usage) {
    const auto* image = images.find(s.config);
    const auto command = shown_command(s.config, image);
    const auto mounts = mount_points(s.config, image);
    const auto networks = network_names(s.config.network);
    const auto& ports = pod::ports_of(s.config, o.pod);
    const auto created = timestamp(s.created);
    const int64_t started = s.state && s.state->started ? timestamp(*s.state->started).seconds : 0;
    const int64_t finished = s.exit ? timestamp(s.exit->finished).seconds : 0;
    const bool exited = s.status == "exited";
    const int pid = s.is_running() && s.state ? s.state->pid : 0;
    DataObject out{.type = "containers.psReporter"};
    // Where templates show another form than JSON, a name stands twice.
    const auto json_only = [&](const char* name, Data value) { out.add("", std::move(value), name); };
    const auto shown = [&](const char* name, Data value) {
        out.add(name, std::move(value), {}, Show::templates);
    };
    out.add("AutoRemove", s.config.remove);
    json_only("Command", Data::strings(command));
    shown("Command", short_command(command, o.no_trunc));
    json_only("CreatedAt", ago(created));
    shown("CreatedAt", format_go_time(created));
    for (const char* name : {"Created", "CreatedHuman", "RunningFor"}) shown(name, ago(created));
    out.add("CIDFile", s.config.cidfile);
    out.add("Exited", exited).add("ExitedAt", finished).add("ExitCode", s.exit_code());
    json_only("ExposedPorts", Data::strings_or_nil(exposed_ports(s.config, image)));
    shown("ExposedPorts", join(exposed_ports(s.config, image), ", "));
    json_only("Id", s.id);
    shown("ID", shown_id(s.id, o.no_trunc));
    out.add("Image", s.config.rootfs ? s.config.rootfs->path : images.name(s.config));
    out.add("ImageID", s.config.image_id).add("IsInfra", false);
    out.add("Labels", Data::string_map_or_nil(s.config.labels));
    json_only("Mounts", Data::strings(mounts));
    shown("Mounts", join(mounts, ","));
    json_only("Names", Data::strings({s.config.name}));
    shown("Names", s.config.name);
    add_namespaces(out, s, o.namespaces);
    json_only("Networks", Data::strings(networks));
    shown("Networks", join(networks, ","));
    out.add("Pid", pid);
    json_only("Pod", s.config.pod);
    shown("Pod", shown_id(s.config.pod, o.no_trunc));
    out.add("PodName", o.pod ? o.pod->base.name : std::string());
    json_only("Ports", ports.empty() ? Data::nil_list() : Data(make_ports(ports)));
    shown("Ports", ports_text(ports));
    out.add("Restarts", int64_t{s.state ? s.state->restarts : 0});
    add_sizes(out, image, usage);
    out.add("StartedAt", started).add("State", s.status).add("Status", status_text(s));
    json_only("Created", created.seconds);
    out.methods["Label"] = label_method(s.config.labels);
    return out;
}

}  // namespace rpod::cli
