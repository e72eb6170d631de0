// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/stores.hh"
#include "container/record.hh"
#include "store/paths.hh"

/// Which containers a command is about: names, --all, --latest, --cidfile, --filter.
namespace rpod::cli {

struct SelectOptions {
    bool all = false;
    bool latest = false;
    bool ignore = false;  ///< what does not exist is no error
    Args cidfiles;
    Args filters;  ///< KEY=VALUE: id, name, label, status, restart-policy; all must hold
};

struct SelectedContainer {
    std::string shown;  ///< as typed; the ID where nothing was typed
    std::string id;
};

/// @param wanted  with --all, those in one of these states; empty: all
/// @throws Error, UsageError
std::vector<SelectedContainer> select_containers(const store::Paths& paths, const SelectOptions& options,
                                                 const Args& names,
                                                 const std::vector<container::Life>& wanted = {});

/// The ID in a --cidfile or --pod-id-file. @param ignore  one that is missing is no error: nothing then
std::optional<std::string> read_id_file(const std::string& file, bool ignore);

/// Does it for each, prints what was typed, and goes on after a failure, which it prints.
/// @return the exit code of the first failure, or 0
int for_each_container(Context& ctx, const std::vector<SelectedContainer>& selected,
                       const std::function<void(const SelectedContainer&)>& act);

/// "Error: …" and its hint, for a command that goes on.
void print_error(Context& ctx, const Error& e);

}  // namespace rpod::cli
