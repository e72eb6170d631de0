// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/complete.hh"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "base/strings.hh"
#include "cli/app.hh"
#include "cli/complete_names.hh"
#include "cli/parser.hh"

namespace rpod::cli {
namespace {

/// The word that stands for the nth argument in a usage line such as "[options] CONTAINER [CONTAINER...]".
std::string placeholder(std::string_view usage, size_t n) {
    std::vector<std::string> words;
    for (const auto part : split(usage, ' ')) {
        std::string word;
        for (const char c : part) {
            if (c != '[' && c != ']' && c != '.') word += c;
        }
        if (!word.empty() && word != "options" && word != "OPTIONS") words.push_back(std::move(word));
    }
    if (words.empty()) return {};
    if (n < words.size()) return words[n];
    return usage.ends_with("...]") ? words.back() : std::string();
}

/// Follows the words that are complete.
class Walk {
  public:
    Walk(Context& ctx, const std::vector<Command>& commands) : ctx_(ctx), commands_(commands) { enter({}); }

    void take(const std::string& word) {
        if (wanting_) {
            // A flag of the store's place tells where names are looked up.
            keep_global(word);
            wanting_ = nullptr;
        } else if (only_arguments_) {
            ++arguments_;
        } else if (word == "--") {
            only_arguments_ = true;
        } else if (word.size() > 1 && word[0] == '-') {
            take_flag(word);
        } else if (!descend(word)) {
            ++arguments_;
            only_arguments_ = command_ && command_->flags_end_at_argument;
        }
    }

    Completion finish(const std::string& word) const {
        Completion out;
        if (wanting_) {
            add_names(out, wanting_->get_type_name(), word, ctx_);
        } else if (!only_arguments_ && word.starts_with("--") && word.find('=') != word.npos) {
            add_value(out, word, word.find('='));
        } else if (!only_arguments_ && word.starts_with('-')) {
            add_flags(out, word);
        } else {
            if (arguments_ == 0) add_commands(out, word);
            if (command_ && command_->define) add_argument(out, word);
        }
        return out;
    }

  private:
    void enter(std::string name) {
        name_ = std::move(name);
        command_ = find_command(commands_, name_);
        parser_ = make_parser(true);
        add_global_flags(*parser_, global_, !name_.empty());
        if (command_ && command_->define) action_ = command_->define(*parser_, ctx_);
        add_help_flag(*parser_, help_);
    }

    bool descend(const std::string& word) {
        const auto name = name_.empty() ? word : name_ + " " + word;
        if (arguments_ > 0 || !find_command(commands_, name)) return false;
        enter(name);
        return true;
    }

    void take_flag(const std::string& word) {
        const auto at = word.find('=');
        const bool is_long = word[1] == '-';
        // Of several letters the last one may want a value: "-it", "-dp".
        const auto flag = is_long ? word.substr(0, at) : std::string{'-', word.back()};
        const CLI::Option* option = parser_->get_option_no_throw(flag);
        if (!option || !takes_value(*option)) return;
        wanting_ = option;
        if (is_long && at != word.npos) take(word.substr(at + 1));
    }

    void keep_global(const std::string& value) {
        if (wanting_->check_lname("root")) ctx_.global.root = value;
        if (wanting_->check_lname("runroot")) ctx_.global.runroot = value;
    }

    void add_flags(Completion& out, const std::string& word) const {
        for (const CLI::Option* option : parser_->get_options()) {
            if (option->get_group().empty()) continue;
            for (const auto& name : option->get_lnames()) {
                const auto flag = "--" + name;
                if (flag.starts_with(word))
                    out.candidates.push_back({.word = flag, .description = option->get_description()});
            }
        }
    }

    /// "--flag=VALUE"
    void add_value(Completion& out, const std::string& word, size_t at) const {
        const CLI::Option* option = parser_->get_option_no_throw(word.substr(0, at));
        if (!option || !takes_value(*option)) return;
        add_names(out, option->get_type_name(), word.substr(at + 1), ctx_);
        for (auto& candidate : out.candidates) candidate.word.insert(0, word, 0, at + 1);
    }

    void add_commands(Completion& out, const std::string& word) const {
        const auto front = name_.empty() ? std::string() : name_ + " ";
        for (const auto& command : commands_) {
            if (!command.name.starts_with(front) || command.name.empty()) continue;
            const auto last = command.name.substr(front.size());
            if (last.find(' ') == last.npos && !last.empty() && last.starts_with(word))
                out.candidates.push_back(
                    {.word = std::string(last), .description = std::string(command.summary)});
        }
    }

    void add_argument(Completion& out, const std::string& word) const {
        const bool foreign = only_arguments_ && command_->flags_end_at_argument && arguments_ > 0;
        if (arguments_ >= command_->arity.max) return;
        // What a container gets is its own business; a file is as good a guess as any.
        if (foreign) {
            out.files = true;
        } else {
            add_names(out, placeholder(command_->arguments, arguments_), word, ctx_);
        }
    }

    Context& ctx_;
    const std::vector<Command>& commands_;
    GlobalOptions global_;
    bool help_ = false;
    std::string name_;
    const Command* command_ = nullptr;
    std::unique_ptr<CLI::App> parser_;
    Action action_;                         ///< owns what the parser's flags are bound to
    const CLI::Option* wanting_ = nullptr;  ///< the next word is its value
    bool only_arguments_ = false;
    size_t arguments_ = 0;
};

}  // namespace

Completion complete(const Args& words, Context& ctx, const std::vector<Command>& commands) {
    if (words.empty()) return {};
    try {
        Walk walk(ctx, commands);
        for (auto it = words.begin(); it + 1 != words.end(); ++it) walk.take(*it);
        auto out = walk.finish(words.back());
        std::sort(out.candidates.begin(), out.candidates.end(),
                  [](const auto& a, const auto& b) { return a.word < b.word; });
        return out;
    } catch (const std::exception&) {
        // Somebody is typing: there is no place for a message.
        return {};
    }
}

int run_complete(const Args& args, Context& ctx, const std::vector<Command>& commands) {
    const auto words = std::find(args.begin(), args.end(), "--");
    const bool described = std::find(args.begin(), words, "--no-desc") == words;
    if (words == args.end()) throw UsageError(fmt::format("usage: {} -- WORD...", kCompleteCommand), {});
    const auto completion = complete(Args(words + 1, args.end()), ctx, commands);
    for (const auto& candidate : completion.candidates) {
        ctx.out << candidate.word;
        if (described && !candidate.description.empty()) ctx.out << "\t" << candidate.description;
        ctx.out << "\n";
    }
    if (completion.files) ctx.out << ":files\n";
    return 0;
}

}  // namespace rpod::cli
