// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/help.hh"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace rpod::cli {
namespace {

using Row = std::pair<std::string, std::string>;

std::string table_of(const std::vector<Row>& rows) {
    size_t width = 0;
    for (const auto& [left, right] : rows) width = std::max(width, left.size());
    std::string out;
    for (const auto& [left, right] : rows) out += fmt::format("  {:<{}}  {}\n", left, width, right);
    return out;
}

/// "-i, --input FILE"; flags without a short name are indented to the long ones of the others.
std::string flag_names(const CLI::Option& option) {
    std::string out;
    for (const auto& name : option.get_snames()) out += fmt::format("-{}, ", name);
    if (out.empty()) out = "    ";
    for (const auto& name : option.get_lnames()) {
        out += fmt::format("{}--{}", &name == &option.get_lnames().front() ? "" : ", ", name);
    }
    if (option.get_lnames().empty()) out.resize(out.size() - 2);
    if (option.get_type_size() != 0) out += " " + option.get_type_name();
    return out;
}

/// One table for each group of flags, in the order in which the groups were defined; flags by their long
/// name.
std::string flags_help(const CLI::App& flags) {
    std::vector<std::pair<std::string, std::vector<Row>>> groups;
    for (const CLI::Option* option : flags.get_options()) {
        const std::string& group = option->get_group();
        if (group.empty()) continue;
        auto it = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == group; });
        if (it == groups.end()) it = groups.insert(groups.end(), {group, {}});
        it->second.emplace_back(flag_names(*option), option->get_description());
    }
    std::string out;
    for (auto& [group, rows] : groups) {
        std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
            const auto key = [](const Row& row) { return row.first.substr(row.first.find("--") + 2); };
            return key(a) < key(b);
        });
        out += fmt::format("\n{}:\n{}", group, table_of(rows));
    }
    return out;
}

/// The last word of a name that lies directly in the group, else nothing.
std::string word_in_group(std::string_view name, std::string_view group) {
    if (!group.empty()) {
        if (!name.starts_with(group) || name.size() <= group.size() || name[group.size()] != ' ') return {};
        name.remove_prefix(group.size() + 1);
    }
    return name.find(' ') == std::string_view::npos ? std::string(name) : std::string();
}

}  // namespace

std::string group_help(std::string_view program, std::string_view group, const std::vector<Command>& commands,
                       const CLI::App& flags) {
    std::string summary = "Containers and pods for users without root";
    std::vector<Row> rows;
    for (const auto& command : commands) {
        if (command.name == group) summary = command.summary;
        const std::string word = word_in_group(command.name, group);
        if (!word.empty()) rows.emplace_back(word, command.summary);
    }
    std::sort(rows.begin(), rows.end());
    const std::string path = group.empty() ? std::string(program) : fmt::format("{} {}", program, group);
    return fmt::format("{}\n\nUsage:\n  {} [options] COMMAND\n\nCommands:\n{}{}", summary, path,
                       table_of(rows), flags_help(flags));
}

std::string command_help(std::string_view program, const Command& command, const CLI::App& flags) {
    return fmt::format("{}\n\nUsage:\n  {} {} {}\n{}", command.summary, program, command.name,
                       command.arguments, flags_help(flags));
}

}  // namespace rpod::cli
