// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// config.json ↔ RuntimeSpec. What rpod adds to the specification stands in one object of its own, which other
// runtimes ignore:
//
//     "rpod": { "user": "postgres:postgres", "groups": ["video"], "seccompProfile": "default" }
#include "base/error.hh"
#include "base/json.hh"
#include "oci/runtime_spec.hh"

namespace rpod::oci {
namespace {

using json::Builder;
using json::Value;

// ---- reading
// -------------------------------------------------------------------------------------------------------

/// uid_t and gid_t -1 mean "leave it as it is" to the kernel: never an ID.
constexpr uint32_t kMaxId = UINT32_MAX - 1;

uint32_t read_u32(const Value& v, uint32_t max = UINT32_MAX) { return static_cast<uint32_t>(v.as_uint(max)); }

std::optional<uint32_t> find_u32(const Value& v, std::string_view key, uint32_t max = UINT32_MAX) {
    const auto found = v.find(key);
    return found ? std::optional(read_u32(*found, max)) : std::nullopt;
}

std::optional<uint64_t> find_u64(const Value& v, std::string_view key) {
    const auto found = v.find(key);
    return found ? std::optional(found->as_uint()) : std::nullopt;
}

std::optional<int32_t> find_i32(const Value& v, std::string_view key) {
    const auto found = v.find(key);
    return found ? std::optional(static_cast<int32_t>(found->as_int(INT32_MIN, INT32_MAX))) : std::nullopt;
}

/// The array `key` as a vector of what `read` makes of each element; empty where it is absent.
template <class Read>
auto read_list(const Value& v, std::string_view key, Read read) {
    std::vector<decltype(read(v))> out;
    if (const auto found = v.find(key)) {
        for (const auto& element : found->elements()) out.push_back(read(element));
    }
    return out;
}

/// The object `key` as what `read` makes of it; nothing where it is absent.
template <class Read>
auto read_member(const Value& v, std::string_view key, Read read) {
    const auto found = v.find(key);
    return found ? std::optional(read(*found)) : std::nullopt;
}

IdMapping read_id_mapping(const Value& v) {
    return {.container_id = read_u32(v.at("containerID")),
            .host_id = read_u32(v.at("hostID")),
            .size = read_u32(v.at("size"))};
}

ConsoleSize read_console_size(const Value& v) {
    return {.height = static_cast<uint16_t>(v.at("height").as_uint(UINT16_MAX)),
            .width = static_cast<uint16_t>(v.at("width").as_uint(UINT16_MAX))};
}

User read_user(const Value& v) {
    User user;
    user.uid = find_u32(v, "uid", kMaxId).value_or(0);
    user.gid = find_u32(v, "gid", kMaxId).value_or(0);
    user.umask = find_u32(v, "umask", 07777);
    user.additional_gids = read_list(v, "additionalGids", [](const Value& e) { return read_u32(e, kMaxId); });
    return user;
}

Capabilities read_capabilities(const Value& v) {
    return {.bounding = v.strings_or_empty("bounding"),
            .effective = v.strings_or_empty("effective"),
            .permitted = v.strings_or_empty("permitted"),
            .inheritable = v.strings_or_empty("inheritable"),
            .ambient = v.strings_or_empty("ambient")};
}

Rlimit read_rlimit(const Value& v) {
    return {.type = v.at("type").as_string(), .soft = v.at("soft").as_uint(), .hard = v.at("hard").as_uint()};
}

Scheduler read_scheduler(const Value& v) {
    return {.policy = v.at("policy").as_string(),
            .nice = find_i32(v, "nice"),
            .priority = find_i32(v, "priority"),
            .flags = v.strings_or_empty("flags"),
            .runtime = find_u64(v, "runtime"),
            .deadline = find_u64(v, "deadline"),
            .period = find_u64(v, "period")};
}

IoPriority read_io_priority(const Value& v) {
    return {.io_class = v.at("class").as_string(), .priority = find_i32(v, "priority").value_or(0)};
}

Process read_process(const Value& v) {
    Process p;
    p.terminal = v.bool_or("terminal", false);
    p.console_size = read_member(v, "consoleSize", read_console_size);
    p.user = read_member(v, "user", read_user).value_or(User{});
    p.args = v.strings_or_empty("args");
    p.env = v.strings_or_empty("env");
    p.cwd = v.at("cwd").as_string();
    p.capabilities = read_member(v, "capabilities", read_capabilities);
    p.rlimits = read_list(v, "rlimits", read_rlimit);
    p.no_new_privileges = v.bool_or("noNewPrivileges", false);
    p.apparmor_profile = v.string_or("apparmorProfile");
    p.selinux_label = v.string_or("selinuxLabel");
    p.oom_score_adj = find_i32(v, "oomScoreAdj");
    p.scheduler = read_member(v, "scheduler", read_scheduler);
    p.io_priority = read_member(v, "ioPriority", read_io_priority);
    return p;
}

Mount read_mount(const Value& v) {
    return {.destination = v.at("destination").as_string(),
            .type = v.string_or("type"),
            .source = v.string_or("source"),
            .options = v.strings_or_empty("options"),
            .uid_mappings = read_list(v, "uidMappings", read_id_mapping),
            .gid_mappings = read_list(v, "gidMappings", read_id_mapping)};
}

Hook read_hook(const Value& v) {
    return {.path = v.at("path").as_string(),
            .args = v.strings_or_empty("args"),
            .env = v.strings_or_empty("env"),
            .timeout = find_i32(v, "timeout")};
}

Hooks read_hooks(const Value& v) {
    return {.prestart = read_list(v, "prestart", read_hook),
            .create_runtime = read_list(v, "createRuntime", read_hook),
            .create_container = read_list(v, "createContainer", read_hook),
            .start_container = read_list(v, "startContainer", read_hook),
            .poststart = read_list(v, "poststart", read_hook),
            .poststop = read_list(v, "poststop", read_hook)};
}

NamespaceType read_namespace_type(const Value& v) {
    const auto text = v.as_string();
    for (int i = 0; i <= static_cast<int>(NamespaceType::time); ++i) {
        const auto type = static_cast<NamespaceType>(i);
        if (text == name(type)) return type;
    }
    throw Error("{}: there is no namespace type '{}'", v.path(), text);
}

Namespace read_namespace(const Value& v) {
    return {.type = read_namespace_type(v.at("type")), .path = v.string_or("path")};
}

Device read_device(const Value& v) {
    const auto type = v.at("type").as_string();
    if (type.size() != 1) throw Error("{}: there is no device type '{}'", v.path(), type);
    return {.path = v.at("path").as_string(),
            .type = type[0],
            .major = v.int_or("major", 0),
            .minor = v.int_or("minor", 0),
            .file_mode = find_u32(v, "fileMode"),
            .uid = find_u32(v, "uid", kMaxId),
            .gid = find_u32(v, "gid", kMaxId)};
}

SeccompArg read_seccomp_arg(const Value& v) {
    return {.index = read_u32(v.at("index")),
            .value = find_u64(v, "value").value_or(0),
            .value_two = find_u64(v, "valueTwo").value_or(0),
            .op = v.at("op").as_string()};
}

SeccompSyscall read_seccomp_syscall(const Value& v) {
    return {.names = v.strings_or_empty("names"),
            .action = v.at("action").as_string(),
            .errno_ret = find_u32(v, "errnoRet"),
            .args = read_list(v, "args", read_seccomp_arg)};
}

Seccomp read_seccomp(const Value& v) {
    return {.default_action = v.at("defaultAction").as_string(),
            .default_errno_ret = find_u32(v, "defaultErrnoRet"),
            .architectures = v.strings_or_empty("architectures"),
            .flags = v.strings_or_empty("flags"),
            .listener_path = v.string_or("listenerPath"),
            .listener_metadata = v.string_or("listenerMetadata"),
            .syscalls = read_list(v, "syscalls", read_seccomp_syscall)};
}

Personality read_personality(const Value& v) {
    return {.domain = v.at("domain").as_string(), .flags = v.strings_or_empty("flags")};
}

std::map<std::string, TimeOffset> read_time_offsets(const Value& v) {
    std::map<std::string, TimeOffset> offsets;
    constexpr uint32_t kMaxNanoseconds = 999999999;
    for (const auto& [clock, offset] : v.members()) {
        offsets[clock] = {.secs = offset.int_or("secs", 0),
                          .nanosecs = find_u32(offset, "nanosecs", kMaxNanoseconds).value_or(0)};
    }
    return offsets;
}

Linux read_linux(const Value& v) {
    Linux l;
    l.uid_mappings = read_list(v, "uidMappings", read_id_mapping);
    l.gid_mappings = read_list(v, "gidMappings", read_id_mapping);
    l.namespaces = read_list(v, "namespaces", read_namespace);
    l.devices = read_list(v, "devices", read_device);
    l.sysctl = v.string_map_or_empty("sysctl");
    if (const auto resources = v.find("resources")) {
        resources->members();  // refuses what is no object
        l.resources = resources->dump();
    }
    l.cgroups_path = v.string_or("cgroupsPath");
    l.rootfs_propagation = v.string_or("rootfsPropagation");
    l.masked_paths = v.strings_or_empty("maskedPaths");
    l.readonly_paths = v.strings_or_empty("readonlyPaths");
    l.seccomp = read_member(v, "seccomp", read_seccomp);
    l.personality = read_member(v, "personality", read_personality);
    l.mount_label = v.string_or("mountLabel");
    if (const auto offsets = v.find("timeOffsets")) l.time_offsets = read_time_offsets(*offsets);
    return l;
}

/// Members of `v` among `names` that are there and say something.
void note_unsupported(const Value& v, std::string_view prefix, std::initializer_list<const char*> names,
                      std::vector<std::string>& out) {
    for (const char* name : names) {
        const auto found = v.find(name);
        if (!found || (found->is_object() && found->members().empty())) continue;
        if (found->is_array() && found->elements().empty()) continue;
        out.push_back(fmt::format("{}{}", prefix, name));
    }
}

void read_own(const Value& v, RuntimeSpec& spec) {
    if (const auto user = v.find("user")) spec.process.user.name = user->as_string();
    spec.process.user.group_names = v.strings_or_empty("groups");
    spec.linux.seccomp_profile = v.string_or("seccompProfile");
}

// ---- writing
// -------------------------------------------------------------------------------------------------------

void set_text(Builder& b, std::string_view key, const std::string& text) {
    if (!text.empty()) b.set(key, text);
}
void set_texts(Builder& b, std::string_view key, const std::vector<std::string>& texts) {
    if (!texts.empty()) b.set(key, Builder::of(texts));
}
template <class T>
void set_optional(Builder& b, std::string_view key, const std::optional<T>& value) {
    if (value) b.set(key, *value);
}
template <class T, class Write>
void set_list(Builder& b, std::string_view key, const std::vector<T>& values, Write write) {
    if (values.empty()) return;
    auto list = Builder::array();
    for (const auto& value : values) list.push(write(value));
    b.set(key, std::move(list));
}

Builder write_id_mapping(const IdMapping& m) {
    auto b = Builder::object();
    b.set("containerID", m.container_id).set("hostID", m.host_id).set("size", m.size);
    return b;
}

Builder write_user(const User& user) {
    auto b = Builder::object();
    b.set("uid", user.uid).set("gid", user.gid);
    set_optional(b, "umask", user.umask);
    if (!user.additional_gids.empty()) {
        auto gids = Builder::array();
        for (const auto gid : user.additional_gids) gids.push(uint64_t{gid});
        b.set("additionalGids", std::move(gids));
    }
    return b;
}

Builder write_capabilities(const Capabilities& caps) {
    auto b = Builder::object();
    set_texts(b, "bounding", caps.bounding);
    set_texts(b, "effective", caps.effective);
    set_texts(b, "permitted", caps.permitted);
    set_texts(b, "inheritable", caps.inheritable);
    set_texts(b, "ambient", caps.ambient);
    return b;
}

Builder write_rlimit(const Rlimit& limit) {
    auto b = Builder::object();
    b.set("type", limit.type).set("hard", limit.hard).set("soft", limit.soft);
    return b;
}

Builder write_scheduler(const Scheduler& s) {
    auto b = Builder::object();
    b.set("policy", s.policy);
    set_optional(b, "nice", s.nice);
    set_optional(b, "priority", s.priority);
    set_texts(b, "flags", s.flags);
    set_optional(b, "runtime", s.runtime);
    set_optional(b, "deadline", s.deadline);
    set_optional(b, "period", s.period);
    return b;
}

Builder write_process(const Process& p) {
    auto b = Builder::object();
    b.set("terminal", p.terminal);
    if (p.console_size) {
        auto size = Builder::object();
        size.set("height", unsigned{p.console_size->height}).set("width", unsigned{p.console_size->width});
        b.set("consoleSize", std::move(size));
    }
    b.set("user", write_user(p.user)).set("args", Builder::of(p.args));
    set_texts(b, "env", p.env);
    b.set("cwd", p.cwd);
    if (p.capabilities) b.set("capabilities", write_capabilities(*p.capabilities));
    set_list(b, "rlimits", p.rlimits, write_rlimit);
    b.set("noNewPrivileges", p.no_new_privileges);
    set_text(b, "apparmorProfile", p.apparmor_profile);
    set_text(b, "selinuxLabel", p.selinux_label);
    set_optional(b, "oomScoreAdj", p.oom_score_adj);
    if (p.scheduler) b.set("scheduler", write_scheduler(*p.scheduler));
    if (p.io_priority) {
        auto io = Builder::object();
        io.set("class", p.io_priority->io_class).set("priority", p.io_priority->priority);
        b.set("ioPriority", std::move(io));
    }
    return b;
}

Builder write_mount(const Mount& m) {
    auto b = Builder::object();
    b.set("destination", m.destination);
    set_text(b, "type", m.type);
    set_text(b, "source", m.source);
    set_texts(b, "options", m.options);
    set_list(b, "uidMappings", m.uid_mappings, write_id_mapping);
    set_list(b, "gidMappings", m.gid_mappings, write_id_mapping);
    return b;
}

Builder write_hook(const Hook& hook) {
    auto b = Builder::object();
    b.set("path", hook.path);
    set_texts(b, "args", hook.args);
    set_texts(b, "env", hook.env);
    set_optional(b, "timeout", hook.timeout);
    return b;
}

Builder write_hooks(const Hooks& hooks) {
    auto b = Builder::object();
    set_list(b, "prestart", hooks.prestart, write_hook);
    set_list(b, "createRuntime", hooks.create_runtime, write_hook);
    set_list(b, "createContainer", hooks.create_container, write_hook);
    set_list(b, "startContainer", hooks.start_container, write_hook);
    set_list(b, "poststart", hooks.poststart, write_hook);
    set_list(b, "poststop", hooks.poststop, write_hook);
    return b;
}

Builder write_namespace(const Namespace& ns) {
    auto b = Builder::object();
    b.set("type", name(ns.type));
    set_text(b, "path", ns.path);
    return b;
}

Builder write_device(const Device& device) {
    auto b = Builder::object();
    b.set("path", device.path).set("type", std::string_view(&device.type, 1));
    b.set("major", device.major).set("minor", device.minor);
    set_optional(b, "fileMode", device.file_mode);
    set_optional(b, "uid", device.uid);
    set_optional(b, "gid", device.gid);
    return b;
}

Builder write_seccomp_arg(const SeccompArg& arg) {
    auto b = Builder::object();
    b.set("index", arg.index).set("value", arg.value);
    if (arg.value_two != 0) b.set("valueTwo", arg.value_two);
    b.set("op", arg.op);
    return b;
}

Builder write_seccomp_syscall(const SeccompSyscall& rule) {
    auto b = Builder::object();
    b.set("names", Builder::of(rule.names)).set("action", rule.action);
    set_optional(b, "errnoRet", rule.errno_ret);
    set_list(b, "args", rule.args, write_seccomp_arg);
    return b;
}

Builder write_seccomp(const Seccomp& s) {
    auto b = Builder::object();
    b.set("defaultAction", s.default_action);
    set_optional(b, "defaultErrnoRet", s.default_errno_ret);
    set_texts(b, "architectures", s.architectures);
    set_texts(b, "flags", s.flags);
    set_text(b, "listenerPath", s.listener_path);
    set_text(b, "listenerMetadata", s.listener_metadata);
    set_list(b, "syscalls", s.syscalls, write_seccomp_syscall);
    return b;
}

Builder write_time_offsets(const std::map<std::string, TimeOffset>& offsets) {
    auto b = Builder::object();
    for (const auto& [clock, offset] : offsets) {
        auto one = Builder::object();
        one.set("secs", offset.secs).set("nanosecs", offset.nanosecs);
        b.set(clock, std::move(one));
    }
    return b;
}

Builder write_linux(const Linux& l) {
    auto b = Builder::object();
    set_list(b, "uidMappings", l.uid_mappings, write_id_mapping);
    set_list(b, "gidMappings", l.gid_mappings, write_id_mapping);
    if (!l.sysctl.empty()) b.set("sysctl", Builder::of(l.sysctl));
    if (!l.resources.empty()) {
        b.set("resources", Builder::of(Value::parse(l.resources, "linux.resources")));
    }
    set_text(b, "cgroupsPath", l.cgroups_path);
    set_list(b, "namespaces", l.namespaces, write_namespace);
    set_list(b, "devices", l.devices, write_device);
    if (l.seccomp) b.set("seccomp", write_seccomp(*l.seccomp));
    set_text(b, "rootfsPropagation", l.rootfs_propagation);
    set_texts(b, "maskedPaths", l.masked_paths);
    set_texts(b, "readonlyPaths", l.readonly_paths);
    set_text(b, "mountLabel", l.mount_label);
    if (l.personality) {
        auto personality = Builder::object();
        personality.set("domain", l.personality->domain);
        set_texts(personality, "flags", l.personality->flags);
        b.set("personality", std::move(personality));
    }
    if (!l.time_offsets.empty()) b.set("timeOffsets", write_time_offsets(l.time_offsets));
    return b;
}

Builder write_own(const RuntimeSpec& spec) {
    auto b = Builder::object();
    set_optional(b, "user", spec.process.user.name);
    set_texts(b, "groups", spec.process.user.group_names);
    set_text(b, "seccompProfile", spec.linux.seccomp_profile);
    return b;
}

}  // namespace

RuntimeSpec RuntimeSpec::parse(std::string_view text, const std::string& what) {
    const auto v = Value::parse(text, what);
    RuntimeSpec spec;
    spec.oci_version = v.at("ociVersion").as_string();
    const auto process = v.at("process");
    spec.process = read_process(process);
    const auto root = v.at("root");
    spec.root = {.path = root.at("path").as_string(), .readonly = root.bool_or("readonly", false)};
    spec.hostname = v.string_or("hostname");
    spec.domainname = v.string_or("domainname");
    spec.mounts = read_list(v, "mounts", read_mount);
    if (const auto hooks = v.find("hooks")) spec.hooks = read_hooks(*hooks);
    spec.annotations = v.string_map_or_empty("annotations");
    note_unsupported(v, "", {"vm"}, spec.unsupported);
    note_unsupported(process, "process.", {"execCPUAffinity"}, spec.unsupported);
    if (const auto linux = v.find("linux")) {
        spec.linux = read_linux(*linux);
        note_unsupported(*linux, "linux.", {"intelRdt", "netDevices", "memoryPolicy"}, spec.unsupported);
    }
    if (const auto own = v.find("rpod")) read_own(*own, spec);
    in_context([&] { spec.validate(); }, "{}", what);
    return spec;
}

std::string RuntimeSpec::to_json(int indent) const {
    auto b = Builder::object();
    b.set("ociVersion", oci_version).set("process", write_process(process));
    auto root_object = Builder::object();
    root_object.set("path", root.path).set("readonly", root.readonly);
    b.set("root", std::move(root_object));
    set_text(b, "hostname", hostname);
    set_text(b, "domainname", domainname);
    set_list(b, "mounts", mounts, write_mount);
    if (!hooks.empty()) b.set("hooks", write_hooks(hooks));
    if (!annotations.empty()) b.set("annotations", Builder::of(annotations));
    b.set("linux", write_linux(linux));
    if (auto own = write_own(*this); !own.empty()) b.set("rpod", std::move(own));
    return b.dump(indent);
}

}  // namespace rpod::oci
