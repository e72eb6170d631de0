// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/complete.hh"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>

#include "cli/app.hh"

namespace rpod::cli {
namespace {

struct Flags {
    std::string file;
    std::string container;
    bool loud = false;
};

Action define(CLI::App& flags, Context&) {
    auto o = std::make_shared<Flags>();
    flags.add_option("-f,--file", o->file, "A file")->type_name("FILE");
    flags.add_option("--from", o->container, "A container")->type_name("CONTAINER");
    flags.add_flag("-l,--loud", o->loud, "Loudly");
    flags.add_flag("--hidden", o->loud)->group("");
    return [o](const Args&) { return 0; };
}

Action define_throwing(CLI::App&, Context&) { throw Error("broken"); }

const std::vector<Command> kCommands{
    {.name = "thing", .summary = "Manage things"},
    {.name = "thing make",
     .arguments = "[options] NAME FILE",
     .summary = "Make",
     .arity = {.min = 2, .max = 2},
     .define = define},
    {.name = "thing move",
     .arguments = "NAME",
     .summary = "Move",
     .arity = {.min = 1, .max = 1},
     .define = define},
    {.name = "run",
     .arguments = "[options] IMAGE [COMMAND [ARG...]]",
     .summary = "Run",
     .define = define,
     .flags_end_at_argument = true},
    {.name = "broken", .arguments = "", .summary = "Broken", .define = define_throwing},
};

class Complete : public testing::Test {
  protected:
    Completion at(const Args& words) {
        Context ctx{.out = out_, .err = out_};
        ctx.global.root = "/nonexistent/rpod";
        return complete(words, ctx, kCommands);
    }
    std::vector<std::string> words(const Args& typed) {
        std::vector<std::string> out;
        for (const auto& candidate : at(typed).candidates) out.push_back(candidate.word);
        return out;
    }
    std::ostringstream out_;
};

using Words = std::vector<std::string>;

TEST_F(Complete, KnowsTheCommandsOfAGroup) {
    EXPECT_EQ(words({""}), (Words{"broken", "run", "thing"}));
    EXPECT_EQ(words({"t"}), (Words{"thing"}));
    EXPECT_EQ(words({"thing", "m"}), (Words{"make", "move"}));
    EXPECT_EQ(words({"--log-level", "debug", "thing", "ma"}), (Words{"make"}));
    EXPECT_EQ(words({"thing", "nope", ""}), Words{});
    EXPECT_EQ(at({"t"}).candidates.front().description, "Manage things");
}

TEST_F(Complete, KnowsTheFlagsOfACommand) {
    EXPECT_EQ(words({"thing", "make", "--"}), (Words{"--file", "--from", "--help", "--loud"}));
    EXPECT_EQ(words({"thing", "make", "--f"}), (Words{"--file", "--from"}));
    EXPECT_EQ(words({"thing", "make", "name", "--lo"}), (Words{"--loud"}));
    EXPECT_EQ(words({"--ro"}), (Words{"--root"}));
}

TEST_F(Complete, TakesTheValueOfAFlagForThat) {
    EXPECT_TRUE(at({"thing", "make", "--file", ""}).files);
    EXPECT_TRUE(at({"thing", "make", "-lf", ""}).files);
    EXPECT_FALSE(at({"thing", "make", "--from", ""}).files);
    EXPECT_TRUE(at({"thing", "make", "--file="}).files);
    EXPECT_FALSE(at({"thing", "make", "--loud=t"}).files);
    // The name is given; what follows is the file.
    EXPECT_FALSE(at({"thing", "make", "--file=x", ""}).files);
    EXPECT_TRUE(at({"thing", "make", "--file=x", "name", ""}).files);
    EXPECT_TRUE(at({"thing", "make", "--file", "x", "name", ""}).files);
}

TEST_F(Complete, StopsWhereNothingMoreFits) {
    EXPECT_FALSE(at({"thing", "make", "name", "file", ""}).files);
    EXPECT_EQ(words({"thing", "make", "--", "--lo"}), Words{});
}

TEST_F(Complete, LeavesTheContainersCommandAlone) {
    EXPECT_EQ(words({"run", "--lo"}), (Words{"--loud"}));
    EXPECT_EQ(words({"run", "image", "--lo"}), Words{});
    EXPECT_TRUE(at({"run", "image", "ls", ""}).files);
}

TEST_F(Complete, NeverFails) {
    EXPECT_EQ(words({"broken", ""}), Words{});
    EXPECT_EQ(words({}), Words{});
}

TEST_F(Complete, OffersEveryFlagOfEveryCommand) {
    const auto commands = all_commands();
    Context ctx{.out = out_, .err = out_};
    for (const auto& command : commands) {
        if (!command.define) continue;
        Args typed;
        std::istringstream name{std::string(command.name)};
        for (std::string word; name >> word;) typed.push_back(word);
        typed.emplace_back("--help");
        typed.emplace_back("--he");
        const auto found = complete(typed, ctx, commands).candidates;
        EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const auto& c) { return c.word == "--help"; }))
            << command.name;
    }
}

}  // namespace
}  // namespace rpod::cli
