// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/container_inspect.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/health_view.hh"
#include "cli/images.hh"
#include "container/find.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

using Show = DataObject::Show;
using container::Snapshot;

constexpr Timestamp kNever{.seconds = -62135596800};  // Go's zero time, 0001-01-01

std::optional<oci::RuntimeSpec> read_spec(const Snapshot& s) {
    const auto file = s.directory / "spec.json";
    const auto text = sys::find_file(file);
    if (!text) return std::nullopt;
    return oci::RuntimeSpec::parse(*text, file);
}

DataObject make_driver(const InspectInput& in) {
    DataObject o{.type = "define.DriverData"};
    const auto& s = in.snapshot;
    o.add("Name", runtime::name(s.config.storage_driver));
    std::map<std::string, std::string> data{{"MergedDir", (s.directory / "merged").native()}};
    if (runtime::has_layers(s.config.storage_driver)) {
        data["UpperDir"] = (s.directory / "upper").native();
        data["WorkDir"] = (s.directory / "work").native();
    }
    o.add("Data", Data::string_map(data));
    return o;
}

void add_command(DataObject& o, const InspectInput& in) {
    std::vector<std::string> args;
    if (in.spec) args = in.spec->process.args;
    if (args.empty()) args = shown_command(in.snapshot.config, in.image);
    o.add("Path", args.empty() ? std::string() : args.front());
    if (!args.empty()) args.erase(args.begin());
    o.add("Args", Data::strings(args));
}

void add_files(DataObject& o, const InspectInput& in) {
    const auto run = in.paths.run() / in.snapshot.id;
    const auto file = [&](const char* name) {
        const auto path = run / name;
        return sys::find_at(AT_FDCWD, path, O_PATH) ? path.native() : std::string();
    };
    o.add("ResolvConfPath", file("resolv.conf")).add("HostnamePath", file("hostname"));
    o.add("HostsPath", file("hosts")).add("StaticDir", in.snapshot.directory.native());
    o.add("OCIConfigPath", in.spec ? (in.snapshot.directory / "spec.json").native() : std::string());
    o.add("OCIRuntime", "rpod").add("ConmonPidFile", "").add("PidFile", "");
}

DataObject make_container(const InspectInput& in) {
    const auto& s = in.snapshot;
    DataObject o{.type = "define.InspectContainerData"};
    o.add("ID", s.id, "Id").add("Id", s.id, {}, Show::templates);
    o.add("Created", timestamp(s.created));
    add_command(o, in);
    o.add("State", inspect_state(in));
    o.add("Image", s.config.image_id).add("ImageName", in.image_name);
    o.add("Rootfs", s.config.rootfs ? s.config.rootfs->path : std::string()).add("Pod", s.config.pod);
    add_files(o, in);
    o.add("Name", s.config.name)
        .add("RestartCount", int64_t{s.state ? s.state->restarts : 0})
        .add("Driver", "rpod");
    o.add("MountLabel", "").add("ProcessLabel", "").add("AppArmorProfile", "");
    const auto* caps = in.spec && in.spec->process.capabilities ? &*in.spec->process.capabilities : nullptr;
    o.add("EffectiveCaps", caps ? Data::strings_or_nil(caps->effective) : Data::nil_list());
    o.add("BoundingCaps", caps ? Data::strings_or_nil(caps->bounding) : Data::nil_list());
    o.add("ExecIDs", DataList{}).add("GraphDriver", make_driver(in));
    o.add("Mounts", inspect_mounts(in)).add("Dependencies", DataList{});
    o.add("NetworkSettings", inspect_network(in));
    o.add("Namespace", "").add("IsInfra", false).add("IsService", false);
    o.add("Config", inspect_config(in)).add("HostConfig", inspect_host_config(in));
    return o;
}

/// The pid of the monitor, where it is visible.
int monitor_pid(const Snapshot& s) {
    const auto alive = sys::find_at(AT_FDCWD, s.directory / "alive", O_RDONLY);
    return alive ? sys::lock_holder(alive->get()).value_or(0) : 0;
}

}  // namespace

DataObject inspect_state(const InspectInput& in) {
    const auto& s = in.snapshot;
    const bool running = s.status == "running" || s.status == "stopping";
    DataObject o{.type = "define.InspectContainerState"};
    o.add("OciVersion", in.spec ? in.spec->oci_version : std::string("1.1.0")).add("Status", s.status);
    o.add("Running", running).add("Paused", s.status == "paused").add("Restarting", false);
    o.add("OOMKilled", false).add("Dead", false);
    o.add("Pid", s.is_running() && s.state ? s.state->pid : 0);
    o.add("ConmonPid", s.is_running() ? monitor_pid(s) : 0, {}, Show::unless_empty);
    o.add("ExitCode", s.exit_code()).add("Error", "");
    o.add("StartedAt", s.state && s.state->started ? timestamp(*s.state->started) : kNever);
    o.add("FinishedAt", s.exit ? timestamp(s.exit->finished) : kNever);
    const auto health = inspect_health(s.health);
    o.add("Health", health).add("Healthcheck", health, {}, Show::templates);
    o.add("CgroupPath", in.spec ? in.spec->linux.cgroups_path : std::string(), {}, Show::unless_empty);
    o.add("CheckpointedAt", kNever).add("RestoredAt", kNever);
    return o;
}

std::optional<Data> inspect_container(const Context& ctx, const std::string& name, bool size) {
    const auto store = open_images(ctx);
    const auto id = container::lookup_container(store.paths(), name);
    if (!id) return std::nullopt;
    const auto snapshot = container::take_snapshot(store.paths(), *id);
    ContainerImages images(store);
    const auto* image = images.find(snapshot.config);
    const InspectInput in{.snapshot = snapshot,
                          .paths = store.paths(),
                          .image = image,
                          .spec = read_spec(snapshot),
                          .image_name = images.name(snapshot.config)};
    auto o = make_container(in);
    if (size) {
        const auto rw = container::disk_usage(store.paths(), {*id})[*id].writable_bytes;
        o.add("SizeRw", rw).add("SizeRootFs", rw + (image ? image->size() : 0));
    }
    return Data(std::move(o));
}

}  // namespace rpod::cli
