// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "container/health_config.hh"
#include "container/mount.hh"
#include "net/listen.hh"
#include "runtime/storage_driver.hh"

/// What was asked of a container, after parsing: no flags, no defaults of an image. Written once as
/// containers/<id>/config.json, read by everything that starts or shows the container. Secrets are never part
/// of it.
namespace rpod::container {

struct EnvVar {
    std::string name;
    std::string value;
    bool operator==(const EnvVar&) const = default;
};

/// --rootfs: a directory of the host instead of an image.
struct RootfsDir {
    std::string path;  ///< absolute
    bool overlay =
        false;  ///< ":O": writes go to a layer of the container's own, the directory stays as it is
    bool operator==(const RootfsDir&) const = default;
};

enum class NamespaceMode {
    private_,   ///< one of its own
    host,       ///< the host's: not left (for a network: the host's, for pid: the caller's)
    none,       ///< ipc: private without /dev/shm; network: private with lo only
    shareable,  ///< ipc: private, others may join
    container,  ///< that of another container: target is its name or ID as typed
    path,       ///< "ns:PATH": target is the path
    pod,        ///< that of the container's pod
};

struct NamespaceChoice {
    NamespaceMode mode = NamespaceMode::private_;
    std::string target;
    bool operator==(const NamespaceChoice&) const = default;
};

/// One line of --uidmap or --gidmap. "outside" is an ID of the session user namespace (0 is the caller, 1 the
/// first subordinate ID), as podman has it for rootless users; with '@' it is an ID of the host.
struct IdMapping {
    uint32_t inside = 0;
    uint32_t outside = 0;
    uint32_t count = 1;
    bool outside_is_host = false;
    bool operator==(const IdMapping&) const = default;
};

struct UsernsConfig {
    enum class Mode {
        host,       ///< the default: the caller is root, then the subordinate IDs
        keep_id,    ///< the caller keeps uid:gid (below), or its own IDs
        nomap,      ///< the caller's IDs are not mapped
        automatic,  ///< a range that no other container uses
        maps,       ///< uid_maps and gid_maps as given
        container,  ///< that of the container `target`
        path,       ///< the namespace file `target`
    };
    Mode mode = Mode::host;
    std::optional<uint32_t> keep_uid, keep_gid;
    std::optional<uint32_t> size;  ///< keep_id, automatic
    std::vector<IdMapping> uid_maps,
        gid_maps;  ///< maps; for automatic: lines that must be there. An empty one takes the other
    std::string subuid_name, subgid_name;  ///< --subuidname, --subgidname: whose lines of /etc/subuid to use
    std::string target;
    bool operator==(const UsernsConfig&) const = default;
};

/// What net/ makes of it is its own: text as typed, one for each --network, "" for the default mode.
struct NetworkConfig {
    std::vector<std::string> networks;
    std::vector<std::string> publish;  ///< as typed: [ip:][host:]container[/proto]
    bool publish_all = false;
    bool publish_fallback = false;        ///< ports that are root's are published higher up
    std::vector<net::PortMapping> ports;  ///< what came of all that, each with its host port
    std::vector<std::string> expose;
    std::vector<std::string> dns_servers;  ///< "none" alone: leave the image's resolv.conf
    std::vector<std::string> dns_search;
    std::vector<std::string> dns_options;
    std::vector<std::string> add_host;  ///< NAME[;NAME…]:IP, checked
    bool no_hosts = false;
    bool operator==(const NetworkConfig&) const = default;
};

struct SeccompChoice {
    enum class Mode { standard, unconfined, file };
    Mode mode = Mode::standard;
    std::string path;  ///< file: absolute
    bool operator==(const SeccompChoice&) const = default;
};

struct SecurityConfig {
    bool privileged = false;
    std::vector<std::string> cap_add, cap_drop;  ///< "CAP_CHOWN", or "ALL"
    SeccompChoice seccomp;
    bool no_new_privileges = false;
    std::vector<std::string> mask, unmask;  ///< absolute paths; unmask also "ALL" and patterns ("/proc/*")
    std::vector<std::string>
        label_options;         ///< SELinux: what followed "label="; of no effect without SELinux
    std::string proc_options;  ///< what followed "proc-opts="
    bool operator==(const SecurityConfig&) const = default;
};

constexpr int64_t kUnlimited = -1;

struct Ulimit {
    std::string name;  ///< "nofile"
    int64_t soft = 0;  ///< kUnlimited for infinity
    int64_t hard = 0;
    bool operator==(const Ulimit&) const = default;
};

struct Device {
    std::string host_path;
    std::string container_path;
    std::string permissions = "rwm";
    bool operator==(const Device&) const = default;
};

struct LogConfig {
    std::string driver = "k8s-file";  ///< k8s-file, json-file, none, passthrough
    std::map<std::string, std::string> options;
    bool operator==(const LogConfig&) const = default;
};

/// --secret: what is taken from the store when the container starts.
struct SecretUse {
    std::string name;
    std::string id;             ///< of the secret when the container was made, for those who look
    bool env = false;           ///< a variable, not a file
    std::string target;         ///< the variable, or an absolute path
    uint32_t uid = 0, gid = 0;  ///< of the file, IDs in the container
    uint32_t mode = 0444;
    bool operator==(const SecretUse&) const = default;
};

enum class PullPolicy { missing, always, never, newer };
enum class ImageVolumes { anonymous, tmpfs, ignore };
enum class SystemdMode { off, automatic, always };

struct ContainerConfig {
    // What runs
    std::string id;
    std::string name;
    std::string image;           ///< as typed; empty with rootfs
    std::string image_name;      ///< in full, as it was when the container was made
    std::string image_id;        ///< 64 hex digits; keeps the image from being removed
    std::string pod;             ///< the ID of its pod; empty: none
    std::string init_container;  ///< in a pod, "always" or "once": runs before the others; empty: no
    std::optional<RootfsDir> rootfs;
    std::optional<std::vector<std::string>>
        entrypoint;                    ///< replaces the image's, and drops its Cmd; may be empty
    std::vector<std::string> command;  ///< empty: the image's Cmd
    std::string workdir;
    std::string user;  ///< as typed: <name|uid>[:<group|gid>]
    std::vector<std::string> group_add;
    bool keep_groups = false;
    bool add_accounts = true;  ///< --passwd: entries for a user and group that the image does not know
    std::string passwd_entry, group_entry;  ///< as typed; empty: podman's default

    // Environment, lowest rank first: host_env, image, env
    std::vector<EnvVar> host_env;  ///< --env-host and the proxy variables, taken when the container was made
    std::vector<EnvVar> env;       ///< --env-file, then --env
    std::vector<std::string> unset_env;
    bool unset_env_all = false;

    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> annotations;
    std::string hostname;
    bool no_hostname = false;  ///< leave the image's /etc/hostname

    // Terminal and streams
    bool tty = false;
    bool stdin_open = false;

    // Life
    bool remove = false;
    bool init = false;
    std::string stop_signal;                 ///< as typed; empty: the image's
    std::optional<uint32_t> stop_timeout_s;  ///< nothing: 10
    uint32_t timeout_s = 0;                  ///< 0: for ever
    PullPolicy pull = PullPolicy::missing;
    SystemdMode systemd = SystemdMode::automatic;
    LogConfig log;
    std::string restart;  ///< as typed; empty: no
    HealthConfig health;
    std::string cidfile;
    std::string pidfile, conmon_pidfile;

    // File system
    runtime::StorageDriver storage_driver =
        runtime::StorageDriver::overlay;  ///< of an image's root; chosen when the container was made
    bool read_only = false;
    bool read_only_tmpfs = true;
    std::vector<Mount> mounts;
    std::vector<std::string> volumes_from;  ///< as typed; their mounts are among `mounts`
    std::vector<SecretUse> secrets;
    ImageVolumes image_volumes = ImageVolumes::anonymous;
    std::vector<Device> devices;
    uint64_t shm_size_bytes = 64 << 20;
    std::string tz;  ///< a zone name, or "local"

    // Namespaces
    UsernsConfig userns;  ///< in a pod: as the pod has it
    NamespaceChoice pid, ipc, uts, cgroupns;
    NetworkConfig network;

    // Limits and rights
    SecurityConfig security;
    std::vector<Ulimit> ulimits;
    bool ulimits_host = false;  ///< --ulimit host: keep the caller's
    std::map<std::string, std::string> sysctls;
    uint32_t umask = 0022;
    std::optional<int> oom_score_adj;

    bool operator==(const ContainerConfig&) const = default;
};

/// config.json: see config_json.cc for the format.
std::string to_json(const ContainerConfig& config);
/// @param what  names the record in errors
/// @throws Error that names the member
ContainerConfig config_from_json(std::string_view text, std::string what);

}  // namespace rpod::container
