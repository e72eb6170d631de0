// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The OCI runtime specification 1.2 for Linux (config.json of a bundle) as plain data. Texts that the
/// specification leaves to the kernel's vocabulary (capabilities, rlimits, mount options, system calls) stay
/// texts here; who executes the spec translates them and refuses what it does not know.
namespace rpod::oci {

struct IdMapping {
    uint32_t container_id = 0;
    uint32_t host_id = 0;
    uint32_t size = 0;
    friend bool operator==(const IdMapping&, const IdMapping&) = default;
};

struct ConsoleSize {
    uint16_t height = 0;
    uint16_t width = 0;
    friend bool operator==(const ConsoleSize&, const ConsoleSize&) = default;
};

struct User {
    uint32_t uid = 0;
    uint32_t gid = 0;
    std::optional<mode_t> umask;
    std::vector<uint32_t> additional_gids;
    /// Ours (`"rpod": {"user": …}` in the file): "USER[:GROUP]" to be looked up in the container's own
    /// /etc/passwd and /etc/group once its root is mounted; takes the place of uid and gid, adds to
    /// additional_gids. The specification's `username`, which is for Windows, is neither read nor written.
    std::optional<std::string> name;
    /// Ours (`"rpod": {"groups": […]}`): names or numbers of further groups, looked up in the same way.
    std::vector<std::string> group_names;
    friend bool operator==(const User&, const User&) = default;
};

/// Names as in capabilities(7): "CAP_CHOWN".
struct Capabilities {
    std::vector<std::string> bounding, effective, permitted, inheritable, ambient;
    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

struct Rlimit {
    std::string type;  ///< "RLIMIT_NOFILE"
    uint64_t soft = 0;
    uint64_t hard = 0;
    friend bool operator==(const Rlimit&, const Rlimit&) = default;
};

struct Scheduler {
    std::string policy;  ///< "SCHED_OTHER"
    std::optional<int32_t> nice, priority;
    std::vector<std::string> flags;
    std::optional<uint64_t> runtime, deadline, period;
    friend bool operator==(const Scheduler&, const Scheduler&) = default;
};

struct IoPriority {
    std::string io_class;  ///< "IOPRIO_CLASS_BE"
    int32_t priority = 0;
    friend bool operator==(const IoPriority&, const IoPriority&) = default;
};

struct Process {
    bool terminal = false;
    std::optional<ConsoleSize> console_size;
    User user;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::string cwd = "/";
    /// Absent: no capabilities at all.
    std::optional<Capabilities> capabilities;
    std::vector<Rlimit> rlimits;
    bool no_new_privileges = false;
    std::string apparmor_profile;
    std::string selinux_label;
    std::optional<int> oom_score_adj;
    std::optional<Scheduler> scheduler;
    std::optional<IoPriority> io_priority;
    friend bool operator==(const Process&, const Process&) = default;
};

struct Root {
    std::string path;  ///< absolute, or relative to the bundle
    bool readonly = false;
    friend bool operator==(const Root&, const Root&) = default;
};

struct Mount {
    std::string destination;
    std::string type;
    std::string source;
    std::vector<std::string> options;
    std::vector<IdMapping> uid_mappings, gid_mappings;
    friend bool operator==(const Mount&, const Mount&) = default;
};

struct Hook {
    std::string path;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::optional<int> timeout;  ///< seconds
    friend bool operator==(const Hook&, const Hook&) = default;
};

struct Hooks {
    std::vector<Hook> prestart, create_runtime, create_container, start_container, poststart, poststop;
    bool empty() const noexcept {
        return prestart.empty() && create_runtime.empty() && create_container.empty() &&
               start_container.empty() && poststart.empty() && poststop.empty();
    }
    friend bool operator==(const Hooks&, const Hooks&) = default;
};

enum class NamespaceType { pid, network, mount, ipc, uts, user, cgroup, time };
/// The specification's word: "network".
const char* name(NamespaceType type) noexcept;

struct Namespace {
    NamespaceType type = NamespaceType::mount;
    std::string path;  ///< of the namespace to join; empty: a new one
    friend bool operator==(const Namespace&, const Namespace&) = default;
};

struct Device {
    std::string path;
    char type = 'c';  ///< 'c', 'b', 'u' (unbuffered character device), 'p' (fifo)
    int64_t major = 0, minor = 0;
    std::optional<mode_t> file_mode;
    std::optional<uint32_t> uid, gid;
    friend bool operator==(const Device&, const Device&) = default;
};

struct SeccompArg {
    uint32_t index = 0;  ///< 0 to 5
    uint64_t value = 0;
    uint64_t value_two = 0;
    std::string op;  ///< "SCMP_CMP_EQ"
    friend bool operator==(const SeccompArg&, const SeccompArg&) = default;
};

struct SeccompSyscall {
    std::vector<std::string> names;
    std::string action;  ///< "SCMP_ACT_ALLOW"
    std::optional<uint32_t> errno_ret;
    std::vector<SeccompArg> args;
    friend bool operator==(const SeccompSyscall&, const SeccompSyscall&) = default;
};

struct Seccomp {
    std::string default_action;
    std::optional<uint32_t> default_errno_ret;
    std::vector<std::string> architectures;  ///< "SCMP_ARCH_X86_64"
    std::vector<std::string> flags;          ///< "SECCOMP_FILTER_FLAG_LOG"
    std::string listener_path;
    std::string listener_metadata;
    std::vector<SeccompSyscall> syscalls;
    friend bool operator==(const Seccomp&, const Seccomp&) = default;
};

struct Personality {
    std::string domain;  ///< "LINUX" or "LINUX32"
    std::vector<std::string> flags;
    friend bool operator==(const Personality&, const Personality&) = default;
};

/// Of a clock in a new time namespace, to the host's.
struct TimeOffset {
    int64_t secs = 0;
    uint32_t nanosecs = 0;
    friend bool operator==(const TimeOffset&, const TimeOffset&) = default;
};

struct Linux {
    std::vector<IdMapping> uid_mappings, gid_mappings;
    std::vector<Namespace> namespaces;
    std::vector<Device> devices;
    std::map<std::string, std::string> sysctl;
    std::string
        resources;  ///< the object as JSON text, empty where there is none: read by who sets up the cgroup
    std::string cgroups_path;
    std::string
        rootfs_propagation;  ///< "private", "shared", "slave", "unbindable"; empty: the runtime's default
    std::vector<std::string> masked_paths, readonly_paths;
    std::optional<Seccomp> seccomp;
    /// Ours (`"rpod": {"seccompProfile": …}`), in place of `seccomp`: "default", or the absolute path of a
    /// profile in the format of containers-common, which becomes a filter when the capabilities are known.
    std::string seccomp_profile;
    std::optional<Personality> personality;
    std::string mount_label;
    std::map<std::string, TimeOffset> time_offsets;  ///< by clock: "monotonic", "boottime"

    /// The namespace of this type, null where the container shares its parent's.
    const Namespace* find_namespace(NamespaceType type) const noexcept;
    friend bool operator==(const Linux&, const Linux&) = default;
};

struct RuntimeSpec {
    std::string oci_version = "1.1.0";
    Process process;
    Root root;
    std::string hostname;
    std::string domainname;
    std::vector<Mount> mounts;
    Hooks hooks;
    std::map<std::string, std::string> annotations;
    Linux linux;
    /// Paths of members that the specification defines, that change what runs, and that rpod does not know
    /// how to honour ("linux.intelRdt"); require_supported() refuses them.
    std::vector<std::string> unsupported;
    friend bool operator==(const RuntimeSpec&, const RuntimeSpec&) = default;

    /// @param what  names the file in errors: "/bundle/config.json"
    /// @throws Error that names the member; the result is validated
    static RuntimeSpec parse(std::string_view text, const std::string& what);
    /// The file's text; indent < 0: compact.
    std::string to_json(int indent = -1) const;

    /// Whether the spec makes sense in itself: absolute paths, something to run, no NUL bytes, each namespace
    /// once, bounded counts. @throws Error that names the member
    void validate() const;
    /// @throws Error that names the first member in `unsupported`
    void require_supported() const;
};

/// What `oci spec` writes: a shell in "rootfs" with a terminal, new namespaces, uid and gid mapped to root.
RuntimeSpec default_runtime_spec(uint32_t uid, uint32_t gid);

}  // namespace rpod::oci
