// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/plan.hh"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/auto_range.hh"
#include "container/facts.hh"
#include "container/host_files.hh"
#include "container/network_connect.hh"
#include "container/network_store.hh"
#include "container/parse_namespace.hh"
#include "container/secret_files.hh"
#include "container/spec.hh"
#include "container/volume.hh"
#include "image/unpacked.hh"
#include "net/resolv_conf.hh"
#include "store/paths.hh"
#include "sys/capability.hh"
#include "sys/file.hh"
#include "sys/terminal.hh"
#include "userns/identity.hh"

namespace rpod::container {
namespace {

/// A tree has the IDs of the session, which are those of a container whose map is the session's.
bool shares_tree(const ContainerConfig& config) {
    return config.storage_driver == runtime::StorageDriver::unpacked &&
           config.userns.mode == UsernsConfig::Mode::host;
}

runtime::RootPlan plan_root(const ContainerConfig& config, const image::Image* image,
                            const image::ImageStore& images, const std::filesystem::path& directory,
                            bool in_command) {
    // Nothing that a --rm container writes needs to survive a power failure.
    runtime::RootPlan root{.source = {}, .directory = directory, .volatile_upper = config.remove};
    if (image) {
        auto chain = images.open_chain(*image);
        if (in_command && shares_tree(config)) image::unpack_tree(images.paths(), *image, chain);
        root.source.emplace<runtime::ImageRoot>(runtime::ImageRoot{
            .index = std::move(chain.index),
            .blobs = std::move(chain.blobs),
            .driver = config.storage_driver,
            .tree = shares_tree(config) ? image::tree_path(images.paths(), *image).native() : std::string()});
    } else {
        if (config.rootfs->overlay)
            throw Error("--rootfs {}:O: a layer above a directory is not supported yet", config.rootfs->path);
        root.source = runtime::DirectoryRoot{.path = config.rootfs->path};
    }
    return root;
}

/// "", "slirp4netns" and "slirp4netns:OPTIONS".
net::SlirpConfig slirp_config(const std::vector<std::string>& networks) {
    if (networks.size() > 1) throw Error("--network: several networks are not supported yet");
    const std::string text = networks.empty() ? "" : networks.front();
    constexpr std::string_view word = "slirp4netns";
    if (text.empty() || text == "private" || text == word) return {};
    if (text.starts_with(word) && text[word.size()] == ':')
        return net::parse_slirp_options(text.substr(word.size() + 1));
    throw Error(
        "--network {}: only none, host, container:ID, ns:PATH and slirp4netns[:OPTIONS] are supported yet",
        printable(text));
}

runtime::AccountPlan plan_accounts(const ContainerConfig& config, const Origin& origin) {
    runtime::AccountPlan plan{.add = config.add_accounts,
                              .passwd_entry = config.passwd_entry,
                              .group_entry = config.group_entry,
                              .caller = {}};
    if (config.userns.mode != UsernsConfig::Mode::keep_id || !origin.me.known) return plan;
    const auto gid = config.userns.keep_gid.value_or(origin.facts.caller_gid);
    plan.caller = {.uid = config.userns.keep_uid.value_or(origin.facts.caller_uid),
                   .gid = gid,
                   .name = origin.me.name,
                   .full_name = origin.me.full_name,
                   .group = origin.group.empty() ? std::to_string(gid) : origin.group,
                   .home = origin.me.home};
    return plan;
}

}  // namespace

userns::MapRequest plan_maps(const store::Paths& paths, const UsernsConfig& userns, const HostFacts& facts,
                             const std::filesystem::path& directory) {
    using Mode = UsernsConfig::Mode;
    switch (userns.mode) {
        case Mode::host:
            return userns::MapAll{};
        case Mode::keep_id:
            return userns::MapKeepId{.uid = userns.keep_uid.value_or(facts.caller_uid),
                                     .gid = userns.keep_gid.value_or(facts.caller_gid),
                                     .size = userns.size};
        case Mode::nomap:
            return userns::MapWithoutCaller{};
        case Mode::automatic:
            return claim_range(paths, userns, directory);
        case Mode::maps:
            break;
        case Mode::container:
        case Mode::path:
            return userns::MapAll{};
    }
    userns::MapGiven maps;
    const auto convert = [](const std::vector<IdMapping>& from, std::vector<userns::GivenExtent>& to) {
        for (const auto& m : from) {
            to.push_back({.extent = {.inside = m.inside, .outside = m.outside, .size = m.count},
                          .outside_is_host = m.outside_is_host});
        }
    };
    convert(userns.uid_maps, maps.uids);
    convert(userns.gid_maps, maps.gids);
    return maps;
}

runtime::NetworkPlan plan_network(const store::Paths& paths, const ContainerConfig& container) {
    const auto& config = container.network;
    runtime::NetworkPlan network;
    // The first --network decides; what it means is net/'s to read.
    const auto choice = network_namespace(config);
    if (choice.mode == NamespaceMode::none) {
        network.mode = runtime::NetworkMode::loopback;
    } else if (!config.networks.empty() && is_network_name(config.networks.front())) {
        reserve_networks(paths, container, network);
    } else if (choice.mode == NamespaceMode::private_) {
        network.mode = runtime::NetworkMode::slirp;
        network.slirp = slirp_config(config.networks);
        network.resolvers = net::read_host_resolv_conf();
    }
    return network;
}

std::optional<image::Image> find_image(const image::ImageStore& images, const ContainerConfig& config) {
    if (config.rootfs) return std::nullopt;
    // The name may mean another image by now.
    return images.get(config.image_id.empty() ? config.image : config.image_id);
}

void prepare_image(const ContainerConfig& config, const image::Image& image,
                   const image::ImageStore& images) {
    const auto chain = images.open_chain(image);
    if (shares_tree(config)) image::unpack_tree(images.paths(), image, chain);
}

namespace {

/// The files of a network that is the pod's, and what else it gives.
void take_from_pod(const ContainerConfig& config, const PodShare& pod, HostFacts& facts) {
    const auto take = [&](oci::NamespaceType type, NamespaceMode mode) {
        const auto it = pod.namespaces.find(type);
        if (mode == NamespaceMode::pod && it != pod.namespaces.end()) facts.namespaces.insert(*it);
    };
    const auto network = network_namespace(config.network).mode;
    take(oci::NamespaceType::network, network);
    take(oci::NamespaceType::ipc, config.ipc.mode);
    take(oci::NamespaceType::uts, config.uts.mode);
    take(oci::NamespaceType::pid, config.pid.mode);
    take(oci::NamespaceType::cgroup, config.cgroupns.mode);
    take(oci::NamespaceType::user, NamespaceMode::pod);
    if (config.ipc.mode == NamespaceMode::pod) facts.shared_shm = pod.shm;
    if (config.uts.mode == NamespaceMode::pod) facts.hostname = pod.hostname;
}

void make_host_files(const ContainerConfig& config, const image::Image* image,
                     const runtime::NetworkPlan& network, const PodShare* pod,
                     const std::filesystem::path& directory, HostFacts& facts) {
    write_own_files(config, config.image_name.empty() ? config.image : config.image_name,
                    image ? image->id.hex() : std::string(), directory, facts);
    if (pod && network_namespace(config.network).mode == NamespaceMode::pod) {
        facts.hosts_file = pod->hosts_file;
        facts.resolv_conf_file = pod->resolv_conf_file;
        return;
    }
    const bool slirp =
        network.mode == runtime::NetworkMode::slirp || network.mode == runtime::NetworkMode::networks;
    write_network_files(config, slirp ? network.resolvers : net::read_host_resolv_conf(),
                        slirp ? &network.slirp : nullptr, directory, facts);
}

}  // namespace

Origin Origin::here(const UsernsConfig& userns) {
    Origin origin{.facts = collect_host_facts(), .me = {}, .group = {}};
    if (userns.mode != UsernsConfig::Mode::keep_id) return origin;
    origin.me = userns::current_identity();
    origin.group = userns::current_group_name();
    return origin;
}

runtime::LaunchPlan make_plan(const store::Paths& paths, const ContainerConfig& config,
                              const image::Image* image, const image::ImageStore& images,
                              const std::filesystem::path& directory, const Origin& origin,
                              const PodShare* pod) {
    runtime::LaunchPlan plan;
    plan.name = config.name;
    plan.root = plan_root(config, image, images, directory, !pod);
    if (pod && !config.network.networks.empty() && is_network_name(config.network.networks.front()))
        throw Error("--network {}: a member of a pod has the pod's network, or none by name yet",
                    printable(config.network.networks.front()));
    plan.network = plan_network(paths, config);
    auto facts = origin.facts;
    facts.rootfs = directory / "merged";
    if (config.security.privileged) facts.devices = host_devices();
    if (pod) take_from_pod(config, *pod, facts);
    plan.id_map = pod ? pod->id_map : plan_maps(paths, config.userns, facts, directory);
    store::open_run(paths);
    const auto run_directory = paths.run() / config.id;
    sys::make_dirs(run_directory, 0711);
    make_host_files(config, image, plan.network, pod, run_directory, facts);
    const auto* image_config = image ? &image->config.config : nullptr;
    facts.volumes = prepare_volumes(paths, effective_mounts(config, image_config), directory);
    plan.spec = make_spec(config, image_config, facts);
    // Last: they lie deeper than what is mounted above them.
    for (auto& mount : provide_secret_files(paths, config, plan.id_map,
                                            pod ? SecretWriter::session_root : SecretWriter::command))
        plan.spec.mounts.push_back(std::move(mount));
    // Every container has a user namespace of its own, below the session's; a pod has one for all.
    if (!plan.spec.linux.find_namespace(oci::NamespaceType::user)) {
        plan.spec.linux.namespaces.push_back(
            {.type = oci::NamespaceType::user, .path = facts.namespaces[oci::NamespaceType::user]});
    }
    plan.stdio = config.tty ? runtime::Stdio::terminal : runtime::Stdio::pipes;
    plan.stdin_open = config.stdin_open;
    plan.keep_groups = config.keep_groups;
    plan.accounts = plan_accounts(config, origin);
    plan.reap_as_init = config.init;
    plan.create_cwd = config.workdir.empty();
    plan.seccomp = runtime::plan_seccomp(plan.spec, paths.seccomp_cache());
    sys::replace_file(directory / "spec.json", plan.spec.to_json(2));
    // Behind the record, which never has them.
    add_secret_env(paths, config, plan.spec.process.env);
    return plan;
}

runtime::LaunchPlan make_root_plan(const store::Paths& paths, const ContainerConfig& config,
                                   const image::Image* image, const image::ImageStore& images,
                                   const std::filesystem::path& directory) {
    runtime::LaunchPlan plan;
    plan.name = config.name;
    plan.root = plan_root(config, image, images, directory, true);
    plan.network.mode = runtime::NetworkMode::loopback;
    // Where a range of IDs is the pod's, its record has it.
    plan.id_map = plan_maps(paths, config.userns, collect_host_facts(),
                            config.pod.empty() ? directory : paths.pods() / config.pod);
    plan.spec.root.path = directory / "merged";
    plan.spec.process.args = {"none"};
    plan.spec.process.cwd = "/";
    for (const auto type : {oci::NamespaceType::user, oci::NamespaceType::mount, oci::NamespaceType::pid,
                            oci::NamespaceType::network, oci::NamespaceType::ipc, oci::NamespaceType::uts}) {
        plan.spec.linux.namespaces.push_back({.type = type, .path = {}});
    }
    // Takes the device nodes, which would else be made in the writable layer.
    oci::Mount dev;
    dev.destination = "/dev";
    dev.type = "tmpfs";
    dev.source = "tmpfs";
    plan.spec.mounts.push_back(std::move(dev));
    return plan;
}

void take_console_size(oci::RuntimeSpec& spec) {
    if (!spec.process.terminal || spec.process.console_size) return;
    if (const auto size = sys::window_size(STDIN_FILENO)) {
        spec.process.console_size = oci::ConsoleSize{.height = size->rows, .width = size->columns};
    }
}

}  // namespace rpod::container
