// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/container_select.hh"

#include <algorithm>
#include <ostream>

#include "base/strings.hh"
#include "cli/filter_values.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/restart_policy.hh"
#include "container/snapshot.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

struct Filter {
    std::string key, value;
};

std::vector<Filter> parse_filters(const Args& texts) {
    constexpr std::string_view known[] = {"id", "name", "label", "status", "restart-policy"};
    std::vector<Filter> filters;
    for (const auto& text : texts) {
        const auto parts = split(text, '=', 2);
        if (parts.size() != 2) throw Error("filter '{}': KEY=VALUE is expected", printable(text));
        if (std::find(std::begin(known), std::end(known), parts[0]) == std::end(known)) {
            throw Error("filter '{}': id, name, label, status and restart-policy are known",
                        printable(parts[0]));
        }
        filters.push_back(Filter{std::string(parts[0]), std::string(parts[1])});
    }
    return filters;
}

bool matches(const std::filesystem::path& directory, const std::vector<Filter>& filters) {
    if (filters.empty()) return true;
    const auto config = container::read_config(directory);
    return std::all_of(filters.begin(), filters.end(), [&](const Filter& f) {
        if (f.key == "id") return config.id.starts_with(f.value);
        if (f.key == "name") return config.name.find(f.value) != std::string::npos;
        if (f.key == "label") return has_label(config.labels, f.value);
        if (f.key == "status") return container::life_name(container::life_of(directory)) == f.value;
        return container::policy_name(config.restart) == f.value;
    });
}

std::vector<SelectedContainer> select_all(const store::Paths& paths, const SelectOptions& options,
                                          const std::vector<container::Life>& wanted) {
    const auto filters = parse_filters(options.filters);
    std::vector<SelectedContainer> selected;
    for (const auto& id : container::container_ids(paths)) {
        const auto directory = paths.containers() / id;
        try {
            const auto life = container::life_of(directory);
            if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), life) == wanted.end()) continue;
            if (matches(directory, filters)) selected.push_back(SelectedContainer{id, id});
        } catch (const SysError&) {
            // Removed while we look.
        }
    }
    return selected;
}

std::vector<SelectedContainer> select_latest(const store::Paths& paths) {
    const auto id = container::latest_container(paths);
    return {SelectedContainer{id, id}};
}

}  // namespace

std::optional<std::string> read_id_file(const std::string& file, bool ignore) {
    constexpr size_t kMost = 4096;
    const auto text = ignore ? sys::find_file(file, kMost) : sys::read_file(file, kMost);
    return text ? std::optional(std::string(trim(*text))) : std::nullopt;
}

std::vector<SelectedContainer> select_containers(const store::Paths& paths, const SelectOptions& options,
                                                 const Args& names,
                                                 const std::vector<container::Life>& wanted) {
    const bool named = !names.empty() || !options.cidfiles.empty();
    const bool all = options.all || !options.filters.empty();
    if (all && options.latest) throw UsageError("--all and --latest cannot be used together", {});
    if (all && named) throw UsageError("no arguments are needed with --all", {});
    if (options.latest && named) throw UsageError("--latest and containers cannot be used together", {});
    if (all) return select_all(paths, options, wanted);
    if (options.latest) return select_latest(paths);
    if (!named) throw UsageError("you must provide at least one name or id", {});
    std::vector<SelectedContainer> selected;
    const auto add = [&](const std::string& name) {
        try {
            selected.push_back(SelectedContainer{name, container::find_container(paths, name).id});
        } catch (const Error&) {
            if (!options.ignore) throw;
        }
    };
    for (const auto& file : options.cidfiles) {
        if (const auto id = read_id_file(file, options.ignore)) add(*id);
    }
    for (const auto& name : names) add(name);
    return selected;
}

void print_error(Context& ctx, const Error& e) {
    ctx.out.flush();
    ctx.err << "Error: " << e.what() << "\n";
    if (!e.hint().empty()) ctx.err << "hint: " << e.hint() << "\n";
}

int for_each_container(Context& ctx, const std::vector<SelectedContainer>& selected,
                       const std::function<void(const SelectedContainer&)>& act) {
    int code = 0;
    for (const auto& container : selected) {
        try {
            act(container);
            ctx.out << container.shown << "\n";
            ctx.out.flush();
        } catch (const Error& e) {
            print_error(ctx, e);
            if (code == 0) code = e.exit_code();
        }
    }
    return code;
}

}  // namespace rpod::cli
