// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// The scripts that teach a shell to complete our commands. They know nothing of them: they ask
// `rpod __complete` (cli/complete.hh) at each key.
#include "cli/completion.hh"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

// @PROGRAM@ is how we are called, @FLAGS@ what __complete gets.

/// bash cuts words at '=' and ':' and replaces only what is behind the last of them: the words are taken from
/// the line, and of each candidate what stands before that place is taken off.
constexpr std::string_view kBash = R"(# Completion of @PROGRAM@ for bash:  source <(@PROGRAM@ completion bash)
_@PROGRAM@() {
    local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} words candidate files= last before
    read -ra words <<<"$line"
    [[ $line != *[[:space:]] ]] || words+=('')
    last=${words[${#words[@]} - 1]}
    [[ $current != [:=] ]] || current=
    before=${last%"$current"}
    COMPREPLY=()
    while IFS= read -r candidate; do
        if [[ $candidate == :files ]]; then
            files=1
        else
            COMPREPLY+=("${candidate#"$before"}")
        fi
    done < <("${words[0]}" __complete --no-desc -- "${words[@]:1}" 2>/dev/null)
    if [[ -n $files ]]; then
        compopt -o default
    else
        compopt +o default
    fi
}
complete -F _@PROGRAM@ @PROGRAM@
)";

constexpr std::string_view kZsh = R"(#compdef @PROGRAM@
# Completion of @PROGRAM@ for zsh:  source <(@PROGRAM@ completion zsh), or a file _@PROGRAM@ in $fpath
_@PROGRAM@() {
    local -a described
    local line files=
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=1
        else
            line=${line//:/\\:}
            described+=("${line/$'\t'/:}")
        fi
    done < <("${words[1]}" __complete@FLAGS@ -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ! ${#described} )) || _describe @PROGRAM@ described
    [[ -z $files ]] || _files
}
if [[ $funcstack[1] == _@PROGRAM@ ]]; then
    _@PROGRAM@ "$@"
else
    compdef _@PROGRAM@ @PROGRAM@
fi
)";

constexpr std::string_view kFish = R"(# Completion of @PROGRAM@ for fish:  @PROGRAM@ completion fish | source
function __@PROGRAM@_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in ($words[1] __complete@FLAGS@ -- $words[2..-1] 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c @PROGRAM@ -f -a '(__@PROGRAM@_complete)'
)";

std::string replace_all(std::string text, std::string_view what, std::string_view with) {
    for (size_t at = 0; (at = text.find(what, at)) != text.npos; at += with.size())
        text.replace(at, what.size(), with);
    return text;
}

std::string_view script_for(const std::string& shell) {
    if (shell == "bash") return kBash;
    if (shell == "zsh") return kZsh;
    if (shell == "fish") return kFish;
    throw Error("completion for '{}' is not supported: bash, zsh and fish are", printable(shell));
}

struct CompletionOptions {
    std::string file;
    bool no_desc = false;
};

Action define_completion(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<CompletionOptions>();
    flags.add_option("-f,--file", o->file, "Write to this file instead of standard output")
        ->type_name("FILE");
    flags.add_flag("--no-desc", o->no_desc, "Show no descriptions (bash shows none)");
    return [o, &ctx](const Args& args) {
        std::string text(script_for(args[0]));
        text = replace_all(std::move(text), "@PROGRAM@", ctx.program);
        text = replace_all(std::move(text), "@FLAGS@", o->no_desc ? " --no-desc" : "");
        if (o->file.empty()) {
            ctx.out << text;
        } else {
            sys::replace_file(o->file, text, 0644);
        }
        return 0;
    };
}

}  // namespace

std::vector<Command> completion_commands() {
    return {{.name = "completion",
             .arguments = "[options] bash|zsh|fish",
             .summary = "Write a script that teaches a shell to complete rpod's commands",
             .arity = {.min = 1, .max = 1},
             .define = define_completion}};
}

}  // namespace rpod::cli
