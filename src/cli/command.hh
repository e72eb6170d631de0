// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hh"
#include "cli/context.hh"

namespace CLI {
class App;
}

namespace rpod::cli {

using Args = std::vector<std::string>;

/// How many arguments a command takes besides its flags.
struct Arity {
    size_t min = 0;
    size_t max = SIZE_MAX;
};
constexpr Arity kNoArgs{.min = 0, .max = 0};
constexpr Arity kAnyArgs{};
constexpr Arity kOneOrMore{.min = 1};

/// Runs the parsed command; the result is rpod's exit code.
using Action = std::function<int(const Args&)>;

/// One row of the table of commands. A group of commands (cli/images.cc, …) exports its rows; cli/app.cc
/// joins them. Only the flags of the command that was typed are ever defined: start-up costs nothing for the
/// others.
struct Command {
    std::string_view name;       ///< "load", "image ls"; a name without `define` is a group ("image")
    std::string_view arguments;  ///< for the usage line: "[options] IMAGE [IMAGE...]"
    std::string_view summary;    ///< one line, without full stop
    Arity arity{};
    /// Binds the flags into a plain struct, which the action owns.
    Action (*define)(CLI::App& flags, Context& ctx) = nullptr;
    /// `run IMAGE COMMAND…`: flags end at the first argument, the rest belongs to the container.
    bool flags_end_at_argument = false;
};

/// The same command under another name: "image load" for "load".
inline Command in_group(std::string_view name, Command command) {
    command.name = name;
    return command;
}

/// A command line that cannot be parsed. `see` is printed as a line of its own below the error.
class UsageError : public Error {
  public:
    UsageError(std::string message, std::string see) : Error(std::move(message)), see_(std::move(see)) {}
    const std::string& see() const noexcept { return see_; }

  private:
    std::string see_;
};

}  // namespace rpod::cli
