// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/template.hh"

#include <algorithm>
#include <optional>

#include "base/error.hh"
#include "cli/template_ast.hh"

namespace rpod::cli {
namespace {

using template_ast::Body;
using template_ast::Command;
using template_ast::Node;
using template_ast::Operand;
using template_ast::Pipeline;

constexpr size_t kMaxOutput = 256 << 20;

/// A value in a pipeline; nothing: a key that a map does not have ("<no value>").
using Value = std::optional<Data>;

class Executor {
  public:
    Executor(const std::string& name, std::string_view text, const Data& data) : name_(name), text_(text) {
        variables_.push_back(Variable{.name = "$", .value = data});
    }

    std::string run(const Body& body, const Data& data) {
        execute(body, data);
        return std::move(out_);
    }

  private:
    enum class Flow { on, leave_loop, next_round };

    struct Variable {
        std::string name;
        Value value;
    };

    [[noreturn]] void fail(const Operand& at, std::string_view what) const {
        const std::string_view before = text_.substr(0, at.begin);
        const auto line = 1 + std::count(before.begin(), before.end(), '\n');
        const size_t column =
            at.begin - (before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1);
        throw Error("template: {}:{}:{}: executing \"{}\" at <{}>: {}", name_, line, column, name_,
                    text_.substr(at.begin, at.end - at.begin), what);
    }

    Flow execute(const Body& body, const Data& dot) {
        const size_t outer = variables_.size();
        Flow flow = Flow::on;
        for (const auto& node : body.nodes) {
            flow = execute_node(node, dot);
            if (flow != Flow::on) break;
        }
        variables_.resize(outer, Variable{.name = {}, .value = {}});
        return flow;
    }

    Flow execute_node(const Node& node, const Data& dot) {
        switch (node.kind) {
            case Node::Kind::text:
                write(node.text);
                return Flow::on;
            case Node::Kind::output: {
                const Value value = evaluate(node.pipeline, dot);
                if (node.pipeline.variables.empty()) write(value ? value->print() : "<no value>");
                return Flow::on;
            }
            case Node::Kind::branch_if:
            case Node::Kind::branch_with:
                return execute_branch(node, dot);
            case Node::Kind::range:
                return execute_range(node, dot);
            case Node::Kind::loop_break:
                return Flow::leave_loop;
            case Node::Kind::loop_continue:
                return Flow::next_round;
        }
        return Flow::on;
    }

    void write(const std::string& text) {
        if (out_.size() + text.size() > kMaxOutput)
            throw Error("template: {}: the output is too large", name_);
        out_ += text;
    }

    Flow execute_branch(const Node& node, const Data& dot) {
        const size_t outer = variables_.size();
        const Value value = evaluate(node.pipeline, dot);
        Flow flow = Flow::on;
        if (value && value->truth()) {
            flow = execute(*node.body, node.kind == Node::Kind::branch_with ? *value : dot);
        } else if (node.otherwise) {
            flow = execute(*node.otherwise, dot);
        }
        variables_.resize(outer, Variable{.name = {}, .value = {}});
        return flow;
    }

    Flow execute_range(const Node& node, const Data& dot) {
        const size_t outer = variables_.size();
        Pipeline source = node.pipeline;
        const auto names = std::exchange(source.variables, {});
        const Value value = evaluate(source, dot);
        bool any = false;
        Flow flow = Flow::on;
        // One round; false: no more of them.
        const auto round = [&](const Data& key, const Data& item) {
            any = true;
            if (names.size() == 2) variables_.push_back(Variable{.name = names[0], .value = key});
            if (!names.empty()) variables_.push_back(Variable{.name = names.back(), .value = item});
            flow = execute(*node.body, item);
            variables_.resize(outer, Variable{.name = {}, .value = {}});
            return flow != Flow::leave_loop;
        };
        if (value && value->list()) {
            int64_t i = 0;
            for (const auto& item : *value->list()) {
                if (!round(i++, item)) break;
            }
        } else if (value && value->map()) {
            for (const auto& [key, item] : *value->map()) {
                if (!round(key, item)) break;
            }
        } else if (value && !value->is_nil()) {
            fail(source.commands.front().words.front(),
                 fmt::format("range can't iterate over {}", value->print()));
        }
        if (!any && node.otherwise) return execute(*node.otherwise, dot);
        return Flow::on;
    }

    Value evaluate(const Pipeline& pipeline, const Data& dot) {
        std::optional<Value> last;
        for (const auto& command : pipeline.commands) last = evaluate_command(command, dot, last);
        if (!pipeline.variables.empty()) set_variable(pipeline, *last);
        return *last;
    }

    void set_variable(const Pipeline& pipeline, const Value& value) {
        const std::string& name = pipeline.variables.front();
        if (pipeline.declares) {
            variables_.push_back(Variable{.name = name, .value = value});
            return;
        }
        const auto it = std::find_if(variables_.rbegin(), variables_.rend(),
                                     [&](const auto& v) { return v.name == name; });
        if (it != variables_.rend()) it->value = value;
    }

    /// @param piped  the result of the command before, which becomes the last argument
    Value evaluate_command(const Command& command, const Data& dot, const std::optional<Value>& piped) {
        const Operand& first = command.words.front();
        if (first.kind == Operand::Kind::function) return call(command, dot, piped);
        DataList args;
        for (size_t i = 1; i < command.words.size(); ++i) args.push_back(argument(command.words[i], dot));
        if (piped) args.push_back(piped->value_or(Data()));
        return evaluate_operand(first, dot, args);
    }

    Data argument(const Operand& operand, const Data& dot) {
        if (operand.kind == Operand::Kind::function) {
            return call(Command{.words = {operand}}, dot, std::nullopt).value_or(Data());
        }
        return evaluate_operand(operand, dot, {}).value_or(Data());
    }

    Value call(const Command& command, const Data& dot, const std::optional<Value>& piped) {
        const Operand& function = command.words.front();
        const bool is_and = function.name == "and";
        const bool lazy = is_and || function.name == "or";
        DataList args;
        for (size_t i = 1; i < command.words.size(); ++i) {
            args.push_back(argument(command.words[i], dot));
            if (lazy && args.back().truth() != is_and) return args.back();
        }
        if (piped) args.push_back(piped->value_or(Data()));
        if (lazy && args.empty())
            fail(function, fmt::format("wrong number of args for {}: want at least 1", function.name));
        if (lazy) return args.back();
        try {
            return template_ast::call_function(function.name, args);
        } catch (const Error& e) {
            fail(function, e.what());
        }
    }

    Value evaluate_operand(const Operand& operand, const Data& dot, const DataList& args) {
        Value value = start_of(operand, dot);
        for (size_t i = 0; i < operand.fields.size(); ++i) {
            const bool is_last = i + 1 == operand.fields.size();
            value = field(operand, value, operand.fields[i], is_last ? args : DataList{});
        }
        if (operand.fields.empty() && !args.empty()) {
            fail(operand, fmt::format("can't give argument to non-function {}",
                                      text_.substr(operand.begin, operand.end - operand.begin)));
        }
        return value;
    }

    Value start_of(const Operand& operand, const Data& dot) {
        switch (operand.kind) {
            case Operand::Kind::dot:
                return dot;
            case Operand::Kind::constant:
                return operand.constant;
            case Operand::Kind::pipeline:
                return evaluate(*operand.inner, dot);
            case Operand::Kind::variable: {
                const auto it = std::find_if(variables_.rbegin(), variables_.rend(),
                                             [&](const auto& v) { return v.name == operand.name; });
                if (it != variables_.rend()) return it->value;
                fail(operand, fmt::format("undefined variable: {}", operand.name));
            }
            case Operand::Kind::function:
                break;
        }
        return std::nullopt;
    }

    Value field(const Operand& operand, const Value& value, const std::string& name, const DataList& args) {
        if (!value || value->is_nil()) fail(operand, fmt::format("nil data; no entry for key \"{}\"", name));
        if (const auto* object = value->object()) {
            if (const auto it = object->methods.find(name); it != object->methods.end()) {
                try {
                    return it->second(args);
                } catch (const Error& e) {
                    fail(operand, fmt::format("error calling {}: {}", name, e.what()));
                }
            }
            const Data* found = object->find(name);
            if (!found && object->others) return object->others(name);
            if (!found) fail(operand, fmt::format("can't evaluate field {} in type {}", name, object->type));
            if (!args.empty())
                fail(operand, fmt::format("{} has arguments but cannot be invoked as function", name));
            return *found;
        }
        if (const auto* map = value->map()) {
            if (!args.empty()) fail(operand, fmt::format("{} is not a method but has arguments", name));
            const auto it = map->find(name);
            return it == map->end() ? Value() : Value(it->second);
        }
        fail(operand, fmt::format("can't evaluate field {} in type {}", name, value->type_name()));
    }

    const std::string& name_;
    std::string_view text_;
    std::vector<Variable> variables_;
    std::string out_;
};

}  // namespace

Template::Template(std::string name, std::string_view text)
    : name_(std::move(name)), text_(text), body_(std::make_unique<Body>(template_ast::parse(name_, text_))) {}
Template::Template(Template&&) noexcept = default;
Template::~Template() = default;

std::string Template::run(const Data& data) const { return Executor(name_, text_, data).run(*body_, data); }

}  // namespace rpod::cli
