// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/app.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/log.hh"
#include "base/strings.hh"
#include "cli/clone.hh"
#include "cli/commit.hh"
#include "cli/complete.hh"
#include "cli/completion.hh"
#include "cli/config_show.hh"
#include "cli/containers.hh"
#include "cli/copy.hh"
#include "cli/create.hh"
#include "cli/diff.hh"
#include "cli/events.hh"
#include "cli/exec.hh"
#include "cli/export.hh"
#include "cli/flag_words.hh"
#include "cli/fuse_overlayfs.hh"
#include "cli/health.hh"
#include "cli/help.hh"
#include "cli/images.hh"
#include "cli/login.hh"
#include "cli/logs.hh"
#include "cli/manifests.hh"
#include "cli/mount.hh"
#include "cli/networks.hh"
#include "cli/oci.hh"
#include "cli/parser.hh"
#include "cli/persona.hh"
#include "cli/pods.hh"
#include "cli/port.hh"
#include "cli/ps.hh"
#include "cli/run.hh"
#include "cli/secrets.hh"
#include "cli/signal_pause.hh"
#include "cli/start_stop.hh"
#include "cli/stats.hh"
#include "cli/system.hh"
#include "cli/system_store.hh"
#include "cli/top.hh"
#include "cli/unshare.hh"
#include "cli/update.hh"
#include "cli/volumes.hh"
#include "cli/wait.hh"

namespace rpod::cli {
namespace {

std::string see_help(const std::string& path) { return fmt::format("See '{} --help'", path); }

/// pflag's words for a flag that does not exist.
std::string unknown_flag(const std::string& word) {
    if (word.starts_with("--")) return "unknown flag: " + word.substr(0, word.find('='));
    return fmt::format("unknown shorthand flag: '{}' in {}", word[1], word);
}

/// What the parser left over: the arguments; a flag among them is an unknown one.
Args judge_leftovers(const Args& leftovers, bool flags_end_at_argument, const std::string& path) {
    Args args;
    bool only_args = false;
    for (const auto& word : leftovers) {
        if (!only_args && word == "--") {
            only_args = true;
            continue;
        }
        if (!only_args && word.size() > 1 && word[0] == '-') {
            throw UsageError(unknown_flag(word), see_help(path));
        }
        only_args = only_args || flags_end_at_argument;
        args.push_back(word);
    }
    return args;
}

/// CLI11's complaints in pflag's words.
std::string flag_problem(const CLI::ParseError& e) {
    const std::string what = e.what();
    if (e.get_exit_code() == static_cast<int>(CLI::ExitCodes::ArgumentMismatch)) {
        return "flag needs an argument: " + what.substr(0, what.find(':'));
    }
    return "invalid argument: " + what;
}

Args parse_flags(CLI::App& parser, const Args& words, bool flags_end_at_argument, const std::string& path) {
    // A flag takes one value, however many words follow.
    for (CLI::Option* option : parser.get_options()) option->allow_extra_args(false);
    try {
        const Args spelled = spell_flags(words, parser, flags_end_at_argument);
        parser.parse(Args(spelled.rbegin(), spelled.rend()));
    } catch (const CLI::ParseError& e) {
        throw UsageError(flag_problem(e), see_help(path));
    }
    return judge_leftovers(parser.remaining(), flags_end_at_argument, path);
}

void check_arity(const Arity& arity, size_t count, const std::string& path) {
    if (count >= arity.min && count <= arity.max) return;
    if (arity.max == 0) throw UsageError(fmt::format("`{}` takes no arguments", path), {});
    if (arity.min == arity.max) {
        throw UsageError(fmt::format("accepts {} arg(s), received {}", arity.min, count), {});
    }
    if (count < arity.min) {
        throw UsageError(fmt::format("requires at least {} arg(s), only received {}", arity.min, count), {});
    }
    throw UsageError(fmt::format("accepts at most {} arg(s), received {}", arity.max, count), {});
}

int run_command(const Command& command, const Args& words, Context& ctx) {
    const std::string path = fmt::format("{} {}", ctx.program, command.name);
    const auto parser = make_parser(command.flags_end_at_argument);
    bool help = false;
    add_global_flags(*parser, ctx.global, true);
    ctx.words = words;
    const Action action = command.define(*parser, ctx);
    add_help_flag(*parser, help);
    const Args args = parse_flags(*parser, words, command.flags_end_at_argument, path);
    if (help) {
        ctx.out << command_help(ctx.program, command, *parser);
        return 0;
    }
    log::init(ctx.global.log_level);
    check_arity(command.arity, args.size(), path);
    return action(args);
}

/// Finds the command word by word: `rpod image ls`.
int dispatch(const Args& all, Context& ctx, const std::vector<Command>& commands) {
    std::string group;
    Args words = all;
    for (;;) {
        const std::string path = group.empty() ? ctx.program : fmt::format("{} {}", ctx.program, group);
        const auto parser = make_parser(true);
        bool help = false;
        bool version = false;
        parser->add_flag("-h,--help", help, "Show this help");
        if (group.empty()) parser->add_flag("-v,--version", version, "Show the version");
        add_global_flags(*parser, ctx.global, !group.empty());
        words = parse_flags(*parser, words, true, path);
        if (version) {
            ctx.out << version_line(ctx) << "\n";
            return 0;
        }
        const bool asks_help = !words.empty() && words[0] == "help" && group.empty();
        if (help || (asks_help && words.size() == 1)) {
            ctx.out << group_help(ctx.program, group, commands, *parser);
            return 0;
        }
        if (asks_help) {
            words.erase(words.begin());
            words.push_back("--help");
        }
        const std::string try_help = fmt::format("Try '{} --help' for more information", path);
        if (words.empty()) throw UsageError(fmt::format("missing command '{} COMMAND'", path), try_help);
        if (group.empty() && words[0] == kCompleteCommand) return run_complete(words, ctx, commands);
        const std::string name = group.empty() ? words[0] : group + " " + words[0];
        const Command* command = find_command(commands, name);
        if (!command) {
            throw UsageError(fmt::format("unrecognized command `{} {}`", path, printable(words[0])),
                             try_help);
        }
        words.erase(words.begin());
        // A command that does something by itself may have others below it: `port`, `port add`.
        const bool goes_on = !words.empty() && find_command(commands, fmt::format("{} {}", name, words[0]));
        if (command->define && !goes_on) return run_command(*command, words, ctx);
        group = name;
    }
}

}  // namespace

const Command* find_command(const std::vector<Command>& commands, std::string_view name) {
    const auto it =
        std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
    return it == commands.end() ? nullptr : &*it;
}

int run(const Args& args, Context& ctx, const std::vector<Command>& commands) {
    try {
        const int code = dispatch(args, ctx, commands);
        ctx.out.flush();
        if (!ctx.out) throw Error("write to standard output failed");
        return code;
    } catch (const UsageError& e) {
        ctx.err << "Error: " << e.what() << "\n";
        if (!e.see().empty()) ctx.err << e.see() << "\n";
        return e.exit_code();
    } catch (const Error& e) {
        ctx.out.flush();
        ctx.err << "Error: " << e.what() << "\n";
        if (!e.hint().empty()) ctx.err << "hint: " << e.hint() << "\n";
        return e.exit_code();
    } catch (const std::exception& e) {
        ctx.err << "Error: internal error: " << e.what() << "\n";
        return kExitFailed;
    }
}

std::vector<Command> all_commands() {
    std::vector<Command> all{{.name = "image", .summary = "Manage images"}};
    // clang-format off
    for (auto* group : {
        image_add_commands, image_pull_commands, image_push_commands, image_save_commands,
        image_copy_commands, manifest_commands, search_commands, network_commands,
        login_commands, image_history_commands, image_list_commands, image_manage_commands,
        inspect_commands, oci_commands, run_commands, create_commands, clone_commands,
        secret_commands, start_stop_commands, signal_pause_commands, update_commands,
        wait_commands, health_commands, container_commands, commit_commands, copy_commands,
        diff_commands, exec_commands, event_commands, export_commands, ps_commands,
        logs_commands, pod_create_commands, pod_life_commands, pod_show_commands,
        pod_clone_commands, port_commands, mount_commands, top_commands, stats_commands, system_commands,
        system_store_commands, volume_commands, unshare_commands, config_commands,
        completion_commands, fuse_overlayfs_commands}) {
        // clang-format on
        auto commands = group();
        all.insert(all.end(), commands.begin(), commands.end());
    }
    return all;
}

}  // namespace rpod::cli
