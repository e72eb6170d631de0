// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hh"

namespace rpod::cli {

/// What can stand where the cursor is.
struct Completion {
    struct Candidate {
        std::string word;
        std::string description;
    };
    std::vector<Candidate> candidates;
    bool files = false;  ///< names of files, too
};

/// Walks along the words as the parser would, with the very tables and flags that it uses, so that nothing
/// here can be out of step with them. Never fails: where nothing is known there is nothing.
/// @param words  behind "rpod"; the last one, which may be empty, is being typed
Completion complete(const Args& words, Context& ctx, const std::vector<Command>& commands);

/// `rpod __complete [--no-desc] -- WORD...`, which the scripts of `rpod completion` call: a line for each
/// candidate, WORD or WORD<tab>DESCRIPTION, and the line ":files" where files fit.
constexpr std::string_view kCompleteCommand = "__complete";
int run_complete(const Args& args, Context& ctx, const std::vector<Command>& commands);

}  // namespace rpod::cli
