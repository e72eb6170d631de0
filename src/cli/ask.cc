// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/ask.hh"

#include <unistd.h>

#include <ostream>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::cli {

bool ask(Context& ctx, const std::string& question) {
    ctx.out << question << std::flush;
    std::string answer;
    for (char c = '\0'; answer.size() < 16;) {
        const ssize_t n = check(::read(ctx.in, &c, 1), "read the answer");
        if (n == 0 && answer.empty())
            throw Error("no answer on standard input").with_hint("--force does not ask");
        if (n == 0 || c == '\n') break;
        answer += c;
    }
    const auto word = to_lower(trim(answer));
    return word == "y" || word == "yes";
}

}  // namespace rpod::cli
