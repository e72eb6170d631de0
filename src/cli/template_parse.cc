// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "cli/template_ast.hh"

namespace rpod::cli::template_ast {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr int kMaxDepth = 64;

bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (code & 0x3f));
    }
}

class Parser {
  public:
    Parser(const std::string& name, std::string_view text) : name_(name), text_(text) {}

    Body parse_all() {
        Body body;
        const std::string end = parse_body(body, 0);
        if (!end.empty()) fail(fmt::format("unexpected {{{{{}}}}}", end));
        return body;
    }

  private:
    [[noreturn]] void fail(std::string_view what) const {
        const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(at_), '\n');
        throw Error("template: {}:{}: {}", name_, line, what);
    }

    /// Nodes up to "end", "else …" or the end of the text; which of them it was.
    std::string parse_body(Body& body, int depth) {
        if (depth > kMaxDepth) fail("nested too deeply");
        for (;;) {
            take_text(body);
            if (at_ >= text_.size()) return {};
            if (take_comment()) continue;
            const std::string word = peek_word();
            if (word == "end" || word == "else") return word;
            body.nodes.push_back(parse_action(word, depth));
        }
    }

    /// Text up to the next "{{", which is passed with its trim marker.
    void take_text(Body& body) {
        const size_t open = std::min(text_.find("{{", at_), text_.size());
        std::string text(text_.substr(at_, open - at_));
        if (trim_next_) text.erase(0, std::min(text.find_first_not_of(kBlanks), text.size()));
        trim_next_ = false;
        at_ = open;
        if (open < text_.size()) {
            at_ += 2;
            // A minus is a marker only before a blank: {{-3}} is a number.
            if (at_ + 1 < text_.size() && text_[at_] == '-' &&
                kBlanks.find(text_[at_ + 1]) != std::string::npos) {
                text.erase(text.find_last_not_of(kBlanks) + 1);
                at_ += 2;
            }
        }
        if (!text.empty()) body.nodes.push_back(Node{.kind = Node::Kind::text, .text = std::move(text)});
    }

    bool take_comment() {
        if (text_.substr(at_, 2) != "/*") return false;
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) fail("unclosed comment");
        at_ = end + 2;
        take_close();
        return true;
    }

    void skip_blanks() { at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size()); }

    bool at_close() {
        skip_blanks();
        if (text_.substr(at_, 2) == "}}") return true;
        // The marker needs a blank in front.
        return text_.substr(at_, 3) == "-}}" && kBlanks.find(text_[at_ - 1]) != std::string_view::npos;
    }

    void take_close() {
        if (!at_close()) {
            fail(at_ >= text_.size() ? std::string("unclosed action")
                                     : fmt::format("unexpected {} in operand", quote_here()));
        }
        trim_next_ = text_[at_] == '-';
        at_ += trim_next_ ? 3 : 2;
    }

    std::string quote_here() const { return fmt::format("\"{}\"", printable(text_.substr(at_, 1))); }

    /// The keyword or function name that follows, which stays there.
    std::string peek_word() {
        skip_blanks();
        size_t end = at_;
        while (end < text_.size() && is_word(text_[end])) ++end;
        return std::string(text_.substr(at_, end - at_));
    }

    void take_word(const std::string& word) { at_ += word.size(); }

    Node parse_action(const std::string& word, int depth) {
        if (word == "if") return parse_branch(Node::Kind::branch_if, word, depth);
        if (word == "with") return parse_branch(Node::Kind::branch_with, word, depth);
        if (word == "range") return parse_branch(Node::Kind::range, word, depth);
        if (word == "break" || word == "continue") {
            if (loops_ == 0) fail(fmt::format("{{{{{}}}}} outside {{{{range}}}}", word));
            take_word(word);
            take_close();
            return Node{.kind = word == "break" ? Node::Kind::loop_break : Node::Kind::loop_continue};
        }
        if (word == "define" || word == "block" || word == "template") {
            fail(fmt::format("{{{{{}}}}} is not supported", word));
        }
        Node node{.kind = Node::Kind::output};
        node.pipeline = parse_pipeline(0);
        take_close();
        return node;
    }

    Node parse_branch(Node::Kind kind, const std::string& word, int depth) {
        take_word(word);
        const size_t outer = variables_.size();
        Node node{.kind = kind};
        const bool is_range = kind == Node::Kind::range;
        node.pipeline = parse_pipeline(0, is_range);
        take_close();
        node.body = std::make_unique<Body>();
        loops_ += is_range ? 1 : 0;
        const std::string end = parse_body(*node.body, depth + 1);
        loops_ -= is_range ? 1 : 0;
        if (end.empty()) fail("unexpected EOF");
        take_word(end);
        if (end == "else") {
            node.otherwise = std::make_unique<Body>();
            parse_else(kind, *node.otherwise, depth);
        } else {
            take_close();
        }
        variables_.resize(outer);
        return node;
    }

    /// Behind "else": "}}…{{end}}", or "if …" whose end is ours.
    void parse_else(Node::Kind kind, Body& body, int depth) {
        const std::string word = peek_word();
        if (word == "if" && kind == Node::Kind::branch_if) {
            if (depth > kMaxDepth) fail("nested too deeply");
            body.nodes.push_back(parse_branch(kind, word, depth + 1));
            return;
        }
        take_close();
        const std::string end = parse_body(body, depth + 1);
        if (end != "end") fail(end.empty() ? "unexpected EOF" : "expected end; found {{else}}");
        take_word(end);
        take_close();
    }

    std::string parse_variable() {
        const size_t start = at_++;
        while (at_ < text_.size() && is_word(text_[at_])) ++at_;
        return std::string(text_.substr(start, at_ - start));
    }

    /// "$x :=", "$x =", "$i, $e :=" in front of a pipeline.
    void parse_declaration(Pipeline& pipeline, bool is_range) {
        const size_t start = at_;
        std::vector<std::string> names;
        while (at_ < text_.size() && text_[at_] == '$') {
            names.push_back(parse_variable());
            skip_blanks();
            if (is_range && names.size() == 1 && at_ < text_.size() && text_[at_] == ',') {
                ++at_;
                skip_blanks();
                continue;
            }
            break;
        }
        const bool declares = text_.substr(at_, 2) == ":=";
        const bool assigns = !declares && text_.substr(at_, 1) == "=";
        if (names.empty() || (!declares && !assigns)) {
            at_ = start;
            return;
        }
        at_ += declares ? 2 : 1;
        for (const auto& name : names) {
            if (assigns) require_variable(name);
        }
        pipeline.variables = std::move(names);
        pipeline.declares = declares;
    }

    void require_variable(const std::string& name) const {
        if (name == "$" || std::find(variables_.begin(), variables_.end(), name) != variables_.end()) return;
        fail(fmt::format("undefined variable \"{}\"", name));
    }

    Pipeline parse_pipeline(int depth, bool is_range = false) {
        if (depth > kMaxDepth) fail("nested too deeply");
        Pipeline pipeline;
        skip_blanks();
        parse_declaration(pipeline, is_range);
        for (;;) {
            pipeline.commands.push_back(parse_command(depth));
            skip_blanks();
            if (at_ >= text_.size() || text_[at_] != '|') break;
            ++at_;
        }
        if (pipeline.declares) {
            variables_.insert(variables_.end(), pipeline.variables.begin(), pipeline.variables.end());
        }
        return pipeline;
    }

    Command parse_command(int depth) {
        Command command;
        for (;;) {
            if (at_close() || at_ >= text_.size() || text_[at_] == '|' || text_[at_] == ')') break;
            command.words.push_back(parse_operand(depth));
        }
        if (command.words.empty())
            fail(at_ >= text_.size() ? "unclosed action" : "missing value for command");
        const bool is_call = command.words[0].kind != Operand::Kind::constant;
        if (!is_call && command.words.size() > 1) fail("can't give argument to non-function");
        return command;
    }

    Operand parse_operand(int depth) {
        Operand operand{.begin = at_};
        const char c = text_[at_];
        if (c == '(') {
            ++at_;
            operand.kind = Operand::Kind::pipeline;
            operand.inner = std::make_shared<Pipeline>(parse_pipeline(depth + 1));
            skip_blanks();
            if (at_ >= text_.size() || text_[at_] != ')') fail("unclosed left paren");
            ++at_;
        } else if (c == '$') {
            operand.kind = Operand::Kind::variable;
            operand.name = parse_variable();
            require_variable(operand.name);
        } else if (c == '.' && (at_ + 1 >= text_.size() || !is_digit(text_[at_ + 1]))) {
            operand.kind = Operand::Kind::dot;
            if (at_ + 1 >= text_.size() || !is_word(text_[at_ + 1])) ++at_;
        } else if (c == '"' || c == '`' || c == '\'') {
            operand.kind = Operand::Kind::constant;
            operand.constant = parse_quoted(c);
        } else if (is_digit(c) || c == '-' || c == '+' || c == '.') {
            operand.kind = Operand::Kind::constant;
            operand.constant = parse_number();
        } else if (is_word(c)) {
            parse_name(operand);
        } else {
            fail(fmt::format("unexpected {} in operand", quote_here()));
        }
        parse_fields(operand);
        operand.end = at_;
        return operand;
    }

    void parse_name(Operand& operand) {
        const std::string word = peek_word();
        take_word(word);
        operand.kind = Operand::Kind::constant;
        if (word == "true" || word == "false") {
            operand.constant = word == "true";
        } else if (word != "nil") {
            if (!is_function(word)) fail(fmt::format("function \"{}\" not defined", word));
            operand.kind = Operand::Kind::function;
            operand.name = word;
        }
    }

    void parse_fields(Operand& operand) {
        while (at_ + 1 < text_.size() && text_[at_] == '.' && is_word(text_[at_ + 1])) {
            if (operand.kind == Operand::Kind::constant || operand.kind == Operand::Kind::function) {
                fail("unexpected . after term");
            }
            ++at_;
            const std::string field = peek_word();
            take_word(field);
            operand.fields.push_back(field);
        }
    }

    Data parse_number() {
        size_t end = at_ + 1;
        const auto is_part = [](char c) { return is_word(c) || c == '.' || c == '+' || c == '-'; };
        while (end < text_.size() && is_part(text_[end])) {
            // A sign belongs to a number only behind its exponent.
            if ((text_[end] == '+' || text_[end] == '-') && text_[end - 1] != 'e') break;
            ++end;
        }
        const std::string word(text_.substr(at_, end - at_));
        at_ = end;
        const std::string_view digits =
            word[0] == '+' ? std::string_view(word).substr(1) : std::string_view(word);
        if (const auto integer = parse_int(digits)) return *integer;
        char* stop = nullptr;
        if (word.starts_with("0x") || word.starts_with("-0x")) {
            const auto hex = std::strtoll(word.c_str(), &stop, 16);
            if (*stop == '\0') return static_cast<int64_t>(hex);
        }
        const double real = std::strtod(word.c_str(), &stop);
        if (*stop != '\0' || word.find_first_of("xXpPnNiI") != std::string::npos) {
            fail(fmt::format("bad number syntax: \"{}\"", word));
        }
        return real;
    }

    Data parse_quoted(char quote) {
        std::string out;
        for (++at_;; ++at_) {
            if (at_ >= text_.size() || (text_[at_] == '\n' && quote != '`'))
                fail("unterminated quoted string");
            if (text_[at_] == quote) break;
            if (text_[at_] == '\\' && quote != '`') {
                parse_escape(out);
            } else {
                out += text_[at_];
            }
        }
        ++at_;
        if (quote != '\'') return out;
        if (out.size() != 1) fail("malformed character constant");
        return static_cast<int64_t>(static_cast<unsigned char>(out[0]));
    }

    /// At the backslash; ends at the last character of the escape.
    void parse_escape(std::string& out) {
        static constexpr std::string_view names = "abfnrtv\\'\"";
        static constexpr std::string_view values = "\a\b\f\n\r\t\v\\'\"";
        if (++at_ >= text_.size()) fail("unterminated quoted string");
        const char c = text_[at_];
        if (const size_t i = names.find(c); i != std::string_view::npos) {
            out += values[i];
            return;
        }
        const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        uint32_t code = 0;
        for (size_t i = 0; i < digits; ++i) {
            if (++at_ >= text_.size() || !std::isxdigit(static_cast<unsigned char>(text_[at_])))
                fail("bad escape");
            const char d = text_[at_];
            code = code * 16 + static_cast<uint32_t>(is_digit(d) ? d - '0' : (d | 0x20) - 'a' + 10);
        }
        if (digits == 0 || code > 0x10ffff) fail("bad escape");
        if (c == 'x') {
            out += static_cast<char>(code);
        } else {
            append_utf8(out, code);
        }
    }

    const std::string& name_;
    std::string_view text_;
    size_t at_ = 0;
    bool trim_next_ = false;
    int loops_ = 0;
    std::vector<std::string> variables_;
};

}  // namespace

Body parse(const std::string& name, std::string_view text) { return Parser(name, text).parse_all(); }

}  // namespace rpod::cli::template_ast
