// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/flag_words.hh"

#include <CLI/CLI.hpp>

#include "cli/parser.hh"
namespace rpod::cli {
namespace {

/// The words of one long flag. `wants_next`: the next word is its value.
void spell_long(const std::string& word, const CLI::App& parser, Args& out, bool& wants_next) {
    const size_t at = word.find('=');
    const CLI::Option* option = parser.get_option_no_throw(word.substr(0, at));
    out.push_back(word);
    if (!option || !takes_value(*option)) return;
    if (at == std::string::npos) {
        wants_next = true;
    } else {
        out.back() = word.substr(0, at);
        out.push_back(word.substr(at + 1));
    }
}

/// The words of a cluster of short flags: "-it", "-eA=b".
void spell_short(const std::string& word, const CLI::App& parser, Args& out, bool& wants_next) {
    for (size_t i = 1; i < word.size(); ++i) {
        const CLI::Option* option = parser.get_option_no_throw(std::string{'-', word[i]});
        if (!option) break;
        if (!takes_value(*option)) {
            if (i + 1 == word.size() || word[i + 1] != '=' || option->get_lnames().empty()) continue;
            // "-a=false" as "--archive=false", the one form that the parser knows.
            if (i > 1) out.push_back(word.substr(0, i));
            out.push_back("--" + option->get_lnames().front() + word.substr(i + 1));
            return;
        }
        size_t value = i + 1;
        if (value < word.size() && word[value] == '=') ++value;
        out.push_back(word.substr(0, i + 1));
        if (i + 1 == word.size()) {
            wants_next = true;
        } else {
            out.push_back(word.substr(value));
        }
        return;
    }
    out.push_back(word);
}

}  // namespace

Args spell_flags(const Args& words, const CLI::App& parser, bool flags_end_at_argument) {
    Args out;
    bool wants_next = false;
    for (size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const bool is_flag = word.size() > 1 && word[0] == '-';
        if (wants_next) {
            wants_next = false;
            out.push_back(word);
        } else if (word == "--" || (!is_flag && flags_end_at_argument)) {
            out.insert(out.end(), words.begin() + static_cast<ptrdiff_t>(i), words.end());
            break;
        } else if (!is_flag) {
            out.push_back(word);
        } else if (word[1] == '-') {
            spell_long(word, parser, out, wants_next);
        } else {
            spell_short(word, parser, out, wants_next);
        }
    }
    return out;
}

}  // namespace rpod::cli
