// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// What `info` tells: the keys that tools read from podman's and docker's.
#include <linux/magic.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <map>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/go_duration.hh"
#include "cli/images.hh"
#include "cli/persona.hh"
#include "cli/run_options.hh"
#include "cli/storage_driver.hh"
#include "cli/system.hh"
#include "container/driver_choice.hh"
#include "container/snapshot.hh"
#include "sys/file.hh"
#include "userns/launcher.hh"

namespace rpod::cli {
namespace {

struct Machine {
    utsname names{};
    struct sysinfo memory {};
    std::string architecture;
    long cpus = 0;
    int cgroup_version = 1;
    std::vector<std::string> cgroup_controllers;  ///< those that this user may use
};

/// The cgroup of this process, where cgroup v2 is mounted: what is delegated to it shows in its controllers.
std::vector<std::string> delegated_controllers() {
    std::vector<std::string> out;
    const auto own = sys::find_file("/proc/self/cgroup");
    if (!own || !own->starts_with("0::")) return out;
    const auto path = "/sys/fs/cgroup" + std::string(trim(std::string_view(*own).substr(3)));
    const auto directory = path.substr(0, path.find('\n'));
    if (::access(directory.c_str(), W_OK) < 0) return out;
    const auto text = sys::find_file(directory + "/cgroup.controllers");
    if (!text) return out;
    for (const auto word : split(trim(*text), ' ')) {
        if (!word.empty()) out.emplace_back(word);
    }
    return out;
}

Machine look_around() {
    Machine m;
    check(::uname(&m.names), "ask for the kernel's name");
    check(::sysinfo(&m.memory), "ask for the size of memory");
    m.architecture = Surroundings::here().architecture;
    m.cpus = ::sysconf(_SC_NPROCESSORS_ONLN);
    struct statfs st {};
    const bool v2 = ::statfs("/sys/fs/cgroup", &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
    m.cgroup_version = v2 ? 2 : 1;
    if (v2) m.cgroup_controllers = delegated_controllers();
    return m;
}

uint64_t bytes(const Machine& m, unsigned long units) { return uint64_t{units} * m.memory.mem_unit; }

/// A value of /etc/os-release.
std::string os_release(const std::string& key) {
    const auto text = sys::find_file("/etc/os-release");
    if (!text) return "unknown";
    for (const auto line : split(*text, '\n')) {
        if (!line.starts_with(key + "=")) continue;
        auto value = line.substr(key.size() + 1);
        if (value.size() > 1 && value.front() == '"' && value.back() == '"')
            value = value.substr(1, value.size() - 2);
        return printable(value);
    }
    return "unknown";
}

DataList id_map(const userns::IdMap& map) {
    DataList out;
    for (const auto& e : map.extents()) {
        DataObject o{.type = "idtools.IDMap"};
        o.add("ContainerID", int64_t{e.inside}, "container_id").add("HostID", int64_t{e.outside}, "host_id");
        o.add("Size", int64_t{e.size}, "size");
        out.emplace_back(std::move(o));
    }
    return out;
}

/// Ranges that cannot be used are no reason to tell nothing.
DataObject id_mappings() {
    DataObject o{.type = "define.IDMappings"};
    try {
        const auto maps = userns::plan_session_maps(userns::current_identity());
        o.add("GIDMap", id_map(maps.gids), "gidmap").add("UIDMap", id_map(maps.uids), "uidmap");
    } catch (const Error& e) {
        o.add("Problem", e.what(), "problem");
    }
    return o;
}

DataObject make_security() {
    DataObject o{.type = "define.SecurityInfo"};
    o.add("AppArmorEnabled", false, "apparmorEnabled");
    o.add("DefaultCapabilities",
          "CAP_CHOWN,CAP_DAC_OVERRIDE,CAP_FOWNER,CAP_FSETID,CAP_KILL,CAP_NET_BIND_SERVICE,CAP_SETFCAP,CAP_"
          "SETGID,"
          "CAP_SETPCAP,CAP_SETUID,CAP_SYS_CHROOT",
          "capabilities");
    o.add("Rootless", true, "rootless").add("SECCOMPEnabled", true, "seccompEnabled");
    o.add("SECCOMPProfilePath", "default", "seccompProfilePath");
    o.add("SELinuxEnabled", ::access("/sys/fs/selinux/enforce", F_OK) == 0, "selinuxEnabled");
    return o;
}

DataObject make_host(const Machine& m, const std::string& version) {
    DataObject distribution{.type = "define.DistributionInfo"};
    distribution.add("Distribution", os_release("ID"), "distribution");
    distribution.add("Version", os_release("VERSION_ID"), "version");
    DataObject runtime{.type = "define.OCIRuntimeInfo"};
    runtime.add("Name", "rpod", "name").add("Package", "", "package").add("Path", "/proc/self/exe", "path");
    runtime.add("Version", "rpod version " + version, "version");
    DataObject o{.type = "define.HostInfo"};
    o.add("Arch", m.architecture, "arch").add("CgroupManager", "none", "cgroupManager");
    o.add("CgroupVersion", fmt::format("v{}", m.cgroup_version), "cgroupVersion");
    o.add("CgroupControllers", Data::strings(m.cgroup_controllers), "cgroupControllers");
    o.add("CPUs", static_cast<int64_t>(m.cpus), "cpus")
        .add("Distribution", std::move(distribution), "distribution");
    o.add("EventLogger", "file", "eventLogger").add("Hostname", std::string(m.names.nodename), "hostname");
    o.add("IDMappings", id_mappings(), "idMappings").add("Kernel", std::string(m.names.release), "kernel");
    o.add("LogDriver", "k8s-file", "logDriver");
    o.add("MemFree", bytes(m, m.memory.freeram), "memFree")
        .add("MemTotal", bytes(m, m.memory.totalram), "memTotal");
    o.add("NetworkBackend", "rpod", "networkBackend").add("OCIRuntime", std::move(runtime), "ociRuntime");
    o.add("OS", "linux", "os").add("ServiceIsRemote", false, "serviceIsRemote");
    o.add("Security", make_security(), "security");
    o.add("SwapFree", bytes(m, m.memory.freeswap), "swapFree")
        .add("SwapTotal", bytes(m, m.memory.totalswap), "swapTotal");
    o.add("Uptime", go_duration(static_cast<uint64_t>(m.memory.uptime) * 1'000'000'000), "uptime");
    o.add("Linkmode", "dynamic", "linkmode");
    return o;
}

/// docker's names of file systems.
std::string filesystem_name(const std::filesystem::path& path, struct statfs& st) {
    check(::statfs(path.c_str(), &st), "look at '{}'", path.native());
    switch (static_cast<unsigned long>(st.f_type)) {
        case EXT4_SUPER_MAGIC:
            return "extfs";
        case 0x58465342:
            return "xfs";
        case BTRFS_SUPER_MAGIC:
            return "btrfs";
        case TMPFS_MAGIC:
            return "tmpfs";
        case NFS_SUPER_MAGIC:
            return "nfs";
        case OVERLAYFS_SUPER_MAGIC:
            return "overlayfs";
        case 0x2fc12fc1:
            return "zfs";
        default:
            return fmt::format("<unknown: {:#x}>", static_cast<unsigned long>(st.f_type));
    }
}

struct Counts {
    int64_t all = 0, running = 0, paused = 0;
};

Counts count_containers(const store::Paths& paths) {
    Counts counts;
    for (const auto& s : container::take_snapshots(paths)) {
        ++counts.all;
        if (s.status == "paused") ++counts.paused;
        if (s.status == "running" || s.status == "stopping") ++counts.running;
    }
    return counts;
}

/// What `info` tells of the driver that the next container gets.
struct DriverFacts {
    std::string name;
    std::map<std::string, std::string> status;  ///< for GraphStatus
};

DriverFacts driver_facts(const Context& ctx, const store::Paths& paths) {
    DriverFacts facts;
    if (const auto named = named_storage_driver(ctx)) {
        facts.name = runtime::name(*named);
        facts.status["Driver chosen by"] =
            ctx.global.storage_driver.empty() ? "STORAGE_DRIVER" : "--storage-driver";
        return facts;
    }
    facts.status["Driver chosen by"] = "trial";
    try {
        const auto choice = container::choose_driver(paths);
        facts.name = runtime::name(choice.driver);
        for (const auto& [driver, reason] : choice.refused)
            facts.status[fmt::format("Driver {}", runtime::name(driver))] = "does not work: " + reason;
    } catch (const Error& e) {
        // What is told beside this is worth as much where nothing runs.
        facts.name = "unknown";
        facts.status["Driver chosen by"] = fmt::format("nothing: {}", e.what());
    }
    return facts;
}

DataObject make_store(const Context& ctx, const image::ImageStore& images) {
    const auto& paths = images.paths();
    const auto counts = count_containers(paths);
    struct statfs st {};
    const auto backing = filesystem_name(paths.root(), st);
    DataObject containers{.type = "define.ContainerStore"};
    containers.add("Number", counts.all, "number").add("Paused", counts.paused, "paused");
    containers.add("Running", counts.running, "running");
    containers.add("Stopped", counts.all - counts.running - counts.paused, "stopped");
    DataObject image_store{.type = "define.ImageStore"};
    image_store.add("Number", static_cast<int64_t>(images.list().size()), "number");
    DataObject o{.type = "define.StoreInfo"};
    o.add("ConfigFile", "", "configFile").add("ContainerStore", std::move(containers), "containerStore");
    auto driver = driver_facts(ctx, paths);
    o.add("GraphDriverName", driver.name, "graphDriverName").add("GraphOptions", DataMap{}, "graphOptions");
    o.add("GraphRoot", paths.root().native(), "graphRoot");
    const auto block = static_cast<uint64_t>(st.f_bsize);
    o.add("GraphRootAllocated", uint64_t{st.f_blocks} * block, "graphRootAllocated");
    o.add("GraphRootUsed", uint64_t{st.f_blocks - st.f_bfree} * block, "graphRootUsed");
    driver.status.insert({{"Backing Filesystem", backing},
                          {"Supports d_type", "true"},
                          {"Native Overlay Diff", "false"},
                          {"Using metacopy", "false"}});
    o.add("GraphStatus", Data::string_map(driver.status), "graphStatus");
    o.add("ImageStore", std::move(image_store), "imageStore").add("RunRoot", paths.run().native(), "runRoot");
    o.add("VolumePath", paths.volumes().native(), "volumePath");
    return o;
}

Data docker_info(const Context& ctx, const Machine& m, const image::ImageStore& images) {
    const auto counts = count_containers(images.paths());
    DataObject o{.type = "system.Info"};
    o.add("ID", "").add("Containers", counts.all).add("ContainersRunning", counts.running);
    o.add("ContainersPaused", counts.paused)
        .add("ContainersStopped", counts.all - counts.running - counts.paused);
    o.add("Images", static_cast<int64_t>(images.list().size()))
        .add("Driver", driver_facts(ctx, images.paths()).name);
    struct statfs st {};
    o.add("DriverStatus",
          DataList{Data::strings({"Backing Filesystem", filesystem_name(images.paths().root(), st)})});
    o.add("DockerRootDir", images.paths().root().native()).add("Name", std::string(m.names.nodename));
    o.add("SecurityOptions", Data::strings({"name=seccomp,profile=default", "name=rootless"}));
    o.add("Runtimes", DataMap{{"rpod", DataObject{.type = "system.Runtime"}}}).add("DefaultRuntime", "rpod");
    o.add("CgroupDriver", "none").add("CgroupVersion", std::to_string(m.cgroup_version));
    o.add("KernelVersion", std::string(m.names.release)).add("OperatingSystem", os_release("PRETTY_NAME"));
    o.add("OSType", "linux").add("Architecture", std::string(m.names.machine));
    o.add("NCPU", static_cast<int64_t>(m.cpus)).add("MemTotal", bytes(m, m.memory.totalram));
    o.add("ServerVersion", *version_part(ctx).find("Version")).add("Warnings", Data::nil_list());
    return o;
}

}  // namespace

Data info_data(const Context& ctx) {
    const auto m = look_around();
    const auto images = open_images(ctx);
    if (speaks_docker(ctx)) return docker_info(ctx, m, images);
    const auto version = version_part(ctx);
    DataObject plugins{.type = "define.Plugins"};
    plugins.add("Volume", Data::strings({"local"}), "volume")
        .add("Network", Data::strings({"bridge"}), "network");
    plugins.add("Log", Data::strings({"k8s-file", "json-file", "none", "passthrough"}), "log");
    plugins.add("Authorization", Data::nil_list(), "authorization");
    DataObject o{.type = "define.Info"};
    o.add("Host", make_host(m, RPOD_VERSION), "host").add("Store", make_store(ctx, images), "store");
    o.add("Registries", DataMap{}, "registries").add("Plugins", std::move(plugins), "plugins");
    o.add("Version", version, "version");
    return o;
}

}  // namespace rpod::cli
