// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/app.hh"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <sstream>

#include "base/strings.hh"

namespace rpod::cli {
namespace {

struct Result {
    int code;
    std::string out;
    std::string err;
};

/// Prints its flags and arguments.
Action define_echo(CLI::App& flags, Context& ctx) {
    struct Options {
        std::string name;
        std::vector<std::string> env;
        bool all = false;
    };
    auto o = std::make_shared<Options>();
    flags.add_option("-n,--name", o->name, "A name")->type_name("NAME");
    flags.add_option("-e,--env", o->env, "Variables")->type_name("K=V");
    flags.add_flag("-a,--all", o->all, "All of it");
    return [o, &ctx](const Args& args) {
        ctx.out << fmt::format("name={} env={} all={} args={} root={}\n", o->name, join(o->env, ","), o->all,
                               join(args, ","), ctx.global.root);
        return 0;
    };
}

Action define_fail(CLI::App&, Context&) {
    return [](const Args& args) -> int {
        throw Error("no such thing '{}'", args.at(0)).with_exit_code(3).with_hint("look elsewhere");
    };
}

Result run_words(const Args& words) {
    const std::vector<Command> commands{
        {.name = "echo", .arguments = "[options] [ARG...]", .summary = "Print", .define = define_echo},
        {.name = "run",
         .summary = "Run",
         .arity = kOneOrMore,
         .define = define_echo,
         .flags_end_at_argument = true},
        {.name = "none", .summary = "Nothing", .arity = kNoArgs, .define = define_echo},
        {.name = "image", .summary = "Manage images"},
        {.name = "image fail", .summary = "Fail", .arity = {.min = 1, .max = 1}, .define = define_fail},
    };
    std::ostringstream out;
    std::ostringstream err;
    Context ctx{.out = out, .err = err};
    const int code = run(words, ctx, commands);
    return {.code = code, .out = out.str(), .err = err.str()};
}

TEST(App, FlagsCanBeSwitchedOffInBothForms) {
    for (const Args& off : {Args{"--all=false"}, Args{"-a=false"}, Args{"-a", "-a=false"}}) {
        Args words{"echo"};
        words.insert(words.end(), off.begin(), off.end());
        EXPECT_EQ(run_words(words).out, "name= env= all=false args= root=\n") << off.back();
    }
    EXPECT_EQ(run_words({"echo", "-a=true"}).out, "name= env= all=true args= root=\n");
    EXPECT_EQ(run_words({"echo", "-n=x", "-e=K=V"}).out, "name=x env=K=V all=false args= root=\n");
}

TEST(App, ReportsUnknownCommandsAndFlagsAsPodmanDoes) {
    const auto command = run_words({"badcmd"});
    EXPECT_EQ(command.code, 125);
    EXPECT_EQ(command.err,
              "Error: unrecognized command `rpod badcmd`\nTry 'rpod --help' for more information\n");
    EXPECT_EQ(run_words({"run", "--badflag", "bb:1"}).err,
              "Error: unknown flag: --badflag\nSee 'rpod run --help'\n");
    EXPECT_EQ(run_words({"echo", "-zq"}).err,
              "Error: unknown shorthand flag: 'z' in -zq\nSee 'rpod echo --help'\n");
    EXPECT_EQ(run_words({"run"}).err, "Error: requires at least 1 arg(s), only received 0\n");
    EXPECT_EQ(run_words({"none", "x"}).err, "Error: `rpod none` takes no arguments\n");
    EXPECT_EQ(run_words({"echo", "--name"}).err,
              "Error: flag needs an argument: --name\nSee 'rpod echo --help'\n");
    EXPECT_EQ(
        run_words({"image", "nope"}).err,
        "Error: unrecognized command `rpod image nope`\nTry 'rpod image --help' for more information\n");
}

TEST(App, FlagsMayFollowArgumentsUnlessTheContainerOwnsThem) {
    EXPECT_EQ(run_words({"echo", "x", "-a", "--name=n", "y"}).out, "name=n env= all=true args=x,y root=\n");
    EXPECT_EQ(run_words({"run", "-a", "img", "-a", "--nonsense", "--", "z"}).out,
              "name= env= all=true args=img,-a,--nonsense,--,z root=\n");
    EXPECT_EQ(run_words({"echo", "--", "-x", "--all"}).out, "name= env= all=false args=-x,--all root=\n");
}

TEST(App, AFlagTakesOneWordAndTheLastOneWins) {
    EXPECT_EQ(run_words({"echo", "-e", "A=b", "x", "-e", "-C=d", "--name", "1", "--name", "2"}).out,
              "name=2 env=A=b,-C=d all=false args=x root=\n");
}

TEST(App, GlobalFlagsStandInFrontOrBehind) {
    EXPECT_EQ(run_words({"--root", "/a", "echo"}).out, "name= env= all=false args= root=/a\n");
    EXPECT_EQ(run_words({"echo", "--root=/b"}).out, "name= env= all=false args= root=/b\n");
}

TEST(App, PrintsErrorHintAndExitCode) {
    const auto r = run_words({"image", "fail", "it"});
    EXPECT_EQ(r.code, 3);
    EXPECT_EQ(r.err, "Error: no such thing 'it'\nhint: look elsewhere\n");
}

TEST(App, HelpNamesFlagsAndCommands) {
    EXPECT_NE(run_words({"--help"}).out.find("image  Manage images"), std::string::npos);
    EXPECT_NE(run_words({"help", "echo"}).out.find("-e, --env K=V"), std::string::npos);
    EXPECT_NE(run_words({"image", "-h"}).out.find("fail  Fail"), std::string::npos);
    EXPECT_EQ(run_words({"-v"}).out.substr(0, 13), "rpod version ");
    EXPECT_EQ(run_words({}).code, 125);
}

}  // namespace
}  // namespace rpod::cli
