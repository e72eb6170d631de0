// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "cli/run_options.hh"
#include "container/notify.hh"
#include "container/parse_limits.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

constexpr const char* kCommand = "Command";
constexpr const char* kEnvironment = "Environment and metadata";

/// One word, a JSON array of words, or nothing at all.
Strings parse_entrypoint(const std::string& text) {
    if (text.empty()) return {};
    if (!text.starts_with('[')) return {text};
    return json::Value::parse(text, "entrypoint").as_strings();
}

void apply_groups(const ProcessOptions& o, container::ContainerConfig& config) {
    for (auto& group : split_commas(o.group_add)) {
        if (group == "keep-groups") {
            config.keep_groups = true;
        } else {
            container::check_user(group, "group-add");
            if (group.find(':') != std::string::npos)
                throw Error("group-add '{}': expected one group", printable(group));
            config.group_add.push_back(std::move(group));
        }
    }
    if (config.keep_groups && !config.group_add.empty()) {
        throw Error("the '--group-add keep-groups' option is not allowed with any other --group-add options");
    }
}

void apply_env(const ProcessOptions& o, const Surroundings& around, container::ContainerConfig& config) {
    if (o.http_proxy) config.host_env = container::proxy_env(around.env);
    if (o.env_host) {
        for (const auto& e : around.env) container::set_env(config.host_env, e);
    }
    for (const auto& path : split_commas(o.env_files)) {
        container::take_env_file(config.env, sys::read_file(path), around.env, path);
    }
    for (const auto& text : o.env) container::take_env(config.env, text, around.env);
    config.unset_env = o.unset_env;
    config.unset_env_all = o.unset_env_all;
}

void apply_metadata(const ProcessOptions& o, container::ContainerConfig& config) {
    take_labels(o.label_files, o.labels, config.labels);
    for (const auto& text : o.annotations) {
        if (text.find('=') == std::string::npos)
            throw Error("annotation '{}': expected KEY=VALUE", printable(text));
        container::take_label(config.annotations, text, "annotation");
    }
}

/// One line of /etc/passwd or /etc/group.
void check_entry(const std::string& line, std::string_view flag) {
    if (line.find_first_of(std::string_view("\n\0", 2)) != std::string::npos)
        throw Error("{} '{}': expected one line", flag, printable(line));
}

/// What sethostname(2) and name resolution take.
void check_hostname(const std::string& name) {
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '.' || c == '_';
    };
    if (name.size() > 64 || name.starts_with('-') || name.starts_with('.') ||
        !std::all_of(name.begin(), name.end(), plain)) {
        throw Error("hostname '{}': expected at most 64 letters, digits, '-', '_' and '.'", printable(name));
    }
}

}  // namespace

void take_labels(const Strings& files, const Strings& texts, std::map<std::string, std::string>& labels) {
    for (const auto& path : split_commas(files))
        container::take_label_file(labels, sys::read_file(path), path);
    for (const auto& text : texts) container::take_label(labels, text, "label");
}

void add_process_flags(CLI::App& app, ProcessOptions& o) {
    app.add_option("--entrypoint", o.entrypoint,
                   "Run this instead of the image's entrypoint: a word or a JSON array")
        ->type_name("COMMAND")
        ->group(kCommand);
    app.add_option("-w,--workdir", o.workdir, "Start in this directory of the container")
        ->type_name("DIR")
        ->group(kCommand);
    app.add_option("-u,--user", o.user, "Run as this user, and group: name or number")
        ->type_name("USER[:GROUP]")
        ->group(kCommand);
    app.add_option("--group-add", o.group_add, "Add a supplementary group, or keep-groups: the caller's own")
        ->type_name("GROUP")
        ->group(kCommand);
    app.add_flag("--passwd", o.passwd,
                 "Give a user that the image does not know an entry in /etc/passwd (default true)")
        ->group(kCommand);
    app.add_option("--passwd-entry", o.passwd_entry,
                   "That entry; $USERNAME, $UID, $GID, $NAME and $HOME are replaced")
        ->type_name("LINE")
        ->group(kCommand);
    app.add_option("--group-entry", o.group_entry,
                   "The entry in /etc/group; $GROUPNAME, $GID and $USERLIST are replaced")
        ->type_name("LINE")
        ->group(kCommand);
    app.add_option("--umask", o.umask, "File mode creation mask (default 0022)")
        ->type_name("MASK")
        ->group(kCommand);
    app.add_flag("-t,--tty", o.tty, "Give the container a terminal")->group(kCommand);
    app.add_flag("-i,--interactive", o.interactive, "Keep standard input open")->group(kCommand);
    app.add_flag("--init", o.init, "Run a small init as PID 1 that reaps processes and passes signals on")
        ->group(kCommand);
    app.add_option("--oom-score-adj", o.oom_score_adj, "How early the kernel kills it when memory runs out")
        ->type_name("-1000..1000")
        ->group(kCommand);
    app.add_option("-h,--hostname", o.hostname, "Host name of the container (default: its short ID)")
        ->type_name("NAME")
        ->group(kCommand);
    app.add_flag("--no-hostname", o.no_hostname, "Leave the image's /etc/hostname")->group(kCommand);

    app.add_option("-e,--env", o.env,
                   "Set a variable; without =VALUE the caller's, PREFIX* all that begin so")
        ->type_name("NAME[=VALUE]")
        ->group(kEnvironment);
    app.add_option("--env-file", o.env_files, "Set the variables that a file lists")
        ->type_name("FILE")
        ->group(kEnvironment);
    app.add_flag("--env-host", o.env_host, "Pass on the whole environment of the caller")
        ->group(kEnvironment);
    app.add_flag("--http-proxy", o.http_proxy, "Pass on the proxy variables of the caller (default true)")
        ->group(kEnvironment);
    app.add_option("--unsetenv", o.unset_env, "Drop a variable of the image or of rpod")
        ->type_name("NAME")
        ->group(kEnvironment);
    app.add_flag("--unsetenv-all", o.unset_env_all, "Drop all variables but those set here")
        ->group(kEnvironment);
    app.add_option("-l,--label", o.labels, "Attach a label to the container")
        ->type_name("KEY[=VALUE]")
        ->group(kEnvironment);
    app.add_option("--label-file", o.label_files, "Attach the labels that a file lists")
        ->type_name("FILE")
        ->group(kEnvironment);
    app.add_option_function<std::string>(
           "--sdnotify",
           [&o](const std::string& mode) {
               container::parse_notify_mode(mode);
               o.annotations.push_back(fmt::format("{}={}", container::kNotifyAnnotation, mode));
           },
           "Who tells systemd that it is ready: container, conmon, healthy, ignore (default container)")
        ->type_name("MODE")
        ->group(kEnvironment);
    app.add_option("--annotation", o.annotations, "Add an annotation to the runtime spec")
        ->type_name("KEY=VALUE")
        ->group(kEnvironment);
}

void apply(const ProcessOptions& o, const Surroundings& around, container::ContainerConfig& config) {
    if (o.entrypoint) config.entrypoint = parse_entrypoint(*o.entrypoint);
    if (!o.workdir.empty() && !o.workdir.starts_with('/')) {
        throw Error("the working directory '{}' is invalid, it needs to be an absolute path",
                    printable(o.workdir));
    }
    config.workdir = o.workdir;
    if (!o.user.empty()) container::check_user(o.user, "user");
    config.user = o.user;
    apply_groups(o, config);
    config.add_accounts = o.passwd;
    check_entry(o.passwd_entry, "passwd-entry");
    config.passwd_entry = o.passwd_entry;
    check_entry(o.group_entry, "group-entry");
    config.group_entry = o.group_entry;
    if (!o.umask.empty()) config.umask = container::parse_umask(o.umask);
    config.tty = o.tty;
    config.stdin_open = o.interactive;
    config.init = o.init;
    if (o.oom_score_adj && (*o.oom_score_adj < -1000 || *o.oom_score_adj > 1000)) {
        throw Error("oom-score-adj: {} is not from -1000 to 1000", *o.oom_score_adj);
    }
    config.oom_score_adj = o.oom_score_adj;
    check_hostname(o.hostname);
    config.hostname = o.hostname;
    config.no_hostname = o.no_hostname;
    apply_env(o, around, config);
    apply_metadata(o, config);
}

}  // namespace rpod::cli
