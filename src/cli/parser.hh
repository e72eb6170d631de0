// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>

#include "cli/command.hh"

namespace CLI {
class Option;
}

namespace rpod::cli {

/// The flags of one command as a parser that knows nothing of arguments: what it does not know is left over,
/// and is judged by us, so that the messages are those that scripts know.
std::unique_ptr<CLI::App> make_parser(bool flags_end_at_argument);

/// Global flags are accepted behind a command's name too; its help does not repeat them.
void add_global_flags(CLI::App& parser, GlobalOptions& global, bool hidden);

bool takes_value(const CLI::Option& option);

/// The help flag of a command whose other flags are there: -h is the host name's in `run`.
void add_help_flag(CLI::App& parser, bool& help);

}  // namespace rpod::cli
