// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/capabilities.hh"
#include "container/parse_env.hh"
#include "container/parse_limits.hh"
#include "container/parse_path.hh"
#include "container/spec_parts.hh"

namespace rpod::container {
namespace {

using Strings = std::vector<std::string>;

/// The entrypoint and what it gets. An entrypoint of the user's own drops the image's command, which was
/// meant for the image's entrypoint; one that is empty runs the command itself.
Strings make_args(const SpecInput& in) {
    Strings args;
    if (in.config.entrypoint) {
        args = *in.config.entrypoint;
    } else if (in.image) {
        args = in.image->entrypoint;
    }
    if (args.size() == 1 && args[0].empty()) args.clear();
    if (!in.config.command.empty()) {
        args.insert(args.end(), in.config.command.begin(), in.config.command.end());
    } else if (in.image && !in.config.entrypoint) {
        args.insert(args.end(), in.image->cmd.begin(), in.image->cmd.end());
    }
    if (args.empty()) {
        throw Error("no command or entrypoint provided, and no CMD or ENTRYPOINT from image");
    }
    return args;
}

Strings make_env(const SpecInput& in) {
    const auto& c = in.config;
    std::vector<EnvVar> env;
    set_env(env, {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"});
    if (c.tty) set_env(env, {"TERM", "xterm"});
    // Scripts test for podman's word to learn that they run in a container.
    set_env(env, {"container", "podman"});
    for (const auto& e : c.host_env) set_env(env, e);
    if (in.image) {
        for (const auto& line : in.image->env) {
            const size_t at = line.find('=');
            // Without a value: podman once filled in the host's (CVE-2022-2739).
            if (at != std::string::npos && at > 0) set_env(env, {line.substr(0, at), line.substr(at + 1)});
        }
    }
    if (c.unset_env_all) env.clear();
    env.erase(std::remove_if(env.begin(), env.end(),
                             [&](const EnvVar& e) {
                                 return std::find(c.unset_env.begin(), c.unset_env.end(), e.name) !=
                                        c.unset_env.end();
                             }),
              env.end());
    for (const auto& e : c.env) set_env(env, e);
    const bool named =
        std::any_of(env.begin(), env.end(), [](const EnvVar& e) { return e.name == "HOSTNAME"; });
    if (!named) set_env(env, {"HOSTNAME", container_hostname(c, in.facts.hostname)});
    Strings out;
    for (const auto& e : env) out.push_back(fmt::format("{}={}", e.name, e.value));
    return out;
}

std::string make_cwd(const SpecInput& in) {
    if (!in.config.workdir.empty()) return clean_path(in.config.workdir);
    if (in.image && !in.image->working_dir.empty()) return clean_path("/" + in.image->working_dir);
    return "/";
}

/// Who runs: --user, else the caller's own ID under keep-id, else the image's user, else root.
std::string user_text(const SpecInput& in) {
    const auto& u = in.config.userns;
    if (!in.config.user.empty()) return in.config.user;
    if (u.mode == UsernsConfig::Mode::keep_id) {
        return fmt::format("{}:{}", u.keep_uid.value_or(in.facts.caller_uid),
                           u.keep_gid.value_or(in.facts.caller_gid));
    }
    if (in.image && !in.image->user.empty()) {
        check_user(in.image->user, "image: user");
        return in.image->user;
    }
    return {};
}

oci::User make_user(const SpecInput& in, const std::string& text) {
    oci::User user;
    user.umask = in.config.umask;
    if (!text.empty()) user.name = text;
    user.group_names = in.config.group_add;
    return user;
}

/// As podman: root gets the whole set; another user only what was added by name, and that as ambient
/// capabilities, because execve would take it away; the bounding set is the same for both, so that set-ID
/// programs work.
oci::Capabilities make_capabilities(const SpecInput& in, std::string_view user) {
    const auto& s = in.config.security;
    const auto base = s.privileged ? in.facts.capabilities : default_capabilities();
    oci::Capabilities out;
    out.bounding = adjust_capabilities(base, s.cap_add, s.cap_drop, in.facts.capabilities);
    user = user.substr(0, user.find(':'));
    if (user.empty() || user == "root" || user == "0") {
        out.effective = out.permitted = out.bounding;
        return out;
    }
    const auto added = adjust_capabilities({}, s.cap_add, s.cap_drop, in.facts.capabilities);
    out.effective = out.permitted = out.inheritable = out.ambient = added;
    return out;
}

std::vector<oci::Rlimit> make_rlimits(const SpecInput& in) {
    std::vector<oci::Rlimit> out;
    const auto value = [](int64_t limit) {
        return limit == kUnlimited ? UINT64_MAX : static_cast<uint64_t>(limit);
    };
    for (const auto& u : in.config.ulimits) {
        std::string type = "RLIMIT_";
        for (const char c : u.name) type += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        out.push_back(oci::Rlimit{.type = std::move(type), .soft = value(u.soft), .hard = value(u.hard)});
    }
    // The most that an unprivileged caller can give, up to what podman and docker give.
    const auto add_default = [&](const char* type, uint64_t limit) {
        for (const auto& r : out) {
            if (r.type == type) return;
        }
        limit = std::min<uint64_t>(limit, 1 << 20);
        out.push_back(oci::Rlimit{.type = type, .soft = limit, .hard = limit});
    };
    if (!in.config.ulimits_host) {
        add_default("RLIMIT_NOFILE", in.facts.nofile_limit);
        add_default("RLIMIT_NPROC", in.facts.nproc_limit);
    }
    return out;
}

/// podman prepares such a container for systemd (writable cgroup, tmpfs on /run); we cannot yet.
void warn_of_systemd(const SpecInput& in, const std::string& program) {
    const bool is_systemd = program == "/sbin/init" || program == "/usr/sbin/init" ||
                            program.substr(program.rfind('/') + 1) == "systemd";
    if (is_systemd && in.config.systemd != SystemdMode::off) {
        log::warn("'{}' runs like any other program: preparing a container for systemd is not supported yet",
                  printable(program));
    }
}

}  // namespace

oci::Process make_process(const SpecInput& in) {
    const std::string user = user_text(in);
    oci::Process p;
    p.terminal = in.config.tty;
    p.user = make_user(in, user);
    p.args = make_args(in);
    p.env = make_env(in);
    p.cwd = make_cwd(in);
    p.capabilities = make_capabilities(in, user);
    p.rlimits = make_rlimits(in);
    p.no_new_privileges = in.config.security.no_new_privileges;
    p.oom_score_adj = in.config.oom_score_adj;
    warn_of_systemd(in, p.args.front());
    return p;
}

}  // namespace rpod::container
