// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/config.hh"
#include "net/listen.hh"
#include "net/resolv_conf.hh"
#include "oci/runtime_spec.hh"
#include "overlay/index.hh"
#include "runtime/hook_caller.hh"
#include "runtime/network_join.hh"
#include "runtime/seccomp_filter.hh"
#include "runtime/storage_driver.hh"
#include "sys/fd.hh"
#include "userns/pod_map.hh"

/// What a container is to become, complete before anything is forked: the processes of the launch inherit it
/// and parse nothing.
namespace rpod::runtime {

/// The root file system is an image.
struct ImageRoot {
    overlay::Index index;
    std::vector<sys::Fd> blobs;  ///< the uncompressed layers, in the order of the index
    StorageDriver driver = StorageDriver::overlay;
    /// unpacked: where its tree is that containers share, with `root` and `maps` in it (image/unpacked.hh).
    /// Empty, or with other maps than those of the session now: the container gets one of its own.
    std::string tree{};
};

/// The root file system is a directory of the host (--rootfs, an OCI bundle).
struct DirectoryRoot {
    std::string path;
    /// The mounts are made on `path` itself, where hooks look for them, as far as the container's root may
    /// go there.
    bool in_place = false;
};

/// `directory` holds what belongs to this container alone: lower0/… and merged/ (mount points), upper/,
/// work/, tree/ (runtime/private_tree.hh). It is owned by the caller, with mode 0711, so that a container
/// whose root is another ID can pass through.
struct RootPlan {
    std::variant<DirectoryRoot, ImageRoot> source;
    std::string directory;
    bool volatile_upper = false;  ///< nothing written needs to survive: no sync (overlayfs "volatile")
};

enum class NetworkMode {
    from_spec,  ///< host, or a namespace to join: the spec's namespaces say all
    loopback,   ///< a new namespace with lo only
    slirp,      ///< a new namespace with tap0, served by rpod:net
    networks    ///< a new namespace on user-defined networks
};

struct NetworkPlan {
    NetworkMode mode = NetworkMode::from_spec;
    net::SlirpConfig slirp;
    net::ResolvConf resolvers;                 ///< for the DNS forwarder
    bool follows_host = true;                  ///< they are the host's, also when those change
    std::vector<net::PortListener> listeners;  ///< of the published ports; slirp and networks only
    std::vector<NetworkJoin> joins;            ///< networks only
};

/// Where the three standard streams of the container come from.
enum class Stdio {
    inherit,  ///< those of the process that launches
    pipes,    ///< pipes whose other ends the launcher gets
    terminal  ///< a pseudo terminal whose master the launcher gets
};

/// Entries in the container's /etc/passwd and /etc/group for a user and a group whose numbers the image does
/// not know; see accounts.hh.
struct AccountPlan {
    bool add = false;
    /// Lines with variables; empty: podman's default.
    std::string passwd_entry, group_entry;
    /// Who runs rpod, where the container has them as a user of its own (--userns keep-id): IDs of the
    /// container.
    struct Caller {
        uint32_t uid = 0;
        uint32_t gid = 0;
        std::string name, full_name, group, home;
    };
    std::optional<Caller> caller;
};

/// Only bundles have hooks.
struct HookPlan {
    std::string bundle;                ///< absolute
    std::optional<HookCaller> caller;  ///< for hooks that run where the caller is
};

struct LaunchPlan {
    oci::RuntimeSpec spec;
    RootPlan root;
    NetworkPlan network;
    Stdio stdio = Stdio::inherit;
    bool stdin_open = false;    ///< pipes: standard input is a pipe, not /dev/null
    bool keep_groups = false;   ///< keep the caller's supplementary groups
    bool reap_as_init = false;  ///< rpod's own PID 1 reaps and forwards signals
    bool create_cwd = false;    ///< the working directory is made where it is missing (the image's own)
    std::string name;           ///< of the container, for messages
    AccountPlan accounts;
    /// The caller's open files that the payload gets at the same numbers: 3 and up without a gap, with
    /// LISTEN_PID set to the payload's process ID. Borrowed for as long as the container lives.
    std::vector<int> passed_fds;
    SeccompFilter seccomp;      ///< without program: none
    userns::MapRequest id_map;  ///< of the container's user namespace (P)
    HookPlan hooks;             ///< what the spec's hooks need
};

/// The filter that the spec asks for, by its own section or by naming a profile (or "default"). In the
/// command: it reads files and takes milliseconds where the cache does not have it.
/// @param cache_dir  made where it is missing
SeccompFilter plan_seccomp(const oci::RuntimeSpec& spec, const std::string& cache_dir);

/// What a forked process must keep open to launch the plan.
std::vector<int> descriptors_of(const LaunchPlan& plan);

}  // namespace rpod::runtime
