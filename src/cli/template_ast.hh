// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/data.hh"

/// A parsed template. Inside of cli/template only.
namespace rpod::cli::template_ast {

struct Pipeline;

/// One word of a command: a constant, or what fields are taken from.
struct Operand {
    enum class Kind { dot, variable, constant, function, pipeline };
    Kind kind = Kind::dot;
    Data constant{};
    std::string name{};  ///< of the variable ("$", "$x") or function
    std::shared_ptr<const Pipeline> inner{};
    std::vector<std::string> fields{};  ///< .A.B
    size_t begin = 0;                   ///< place in the text, for messages
    size_t end = 0;
};

/// Words side by side: a call, or one value.
struct Command {
    std::vector<Operand> words;
};

struct Pipeline {
    std::vector<std::string> variables{};  ///< that it sets: $x := …, $i, $e := … in range
    bool declares = false;                 ///< := and not =
    std::vector<Command> commands{};
};

struct Body;

struct Node {
    enum class Kind { text, output, branch_if, branch_with, range, loop_break, loop_continue };
    Kind kind = Kind::text;
    std::string text{};
    Pipeline pipeline{};
    std::unique_ptr<Body> body{};
    std::unique_ptr<Body> otherwise{};
};

struct Body {
    std::vector<Node> nodes;
};

/// @throws Error
Body parse(const std::string& name, std::string_view text);

/// Calls a function; `and` and `or` are the executor's own, as they do not evaluate all their arguments.
/// @throws Error without the place
bool is_function(std::string_view name);
Data call_function(std::string_view name, const DataList& args);

}  // namespace rpod::cli::template_ast
