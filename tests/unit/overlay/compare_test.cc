// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/compare.hh"

#include <gtest/gtest.h>

#include "overlay/excerpt.hh"
#include "overlay/index_fixture.hh"

namespace rpod::overlay {
namespace {

using namespace test;

/// One line for each change, as `rpod diff` prints them.
std::string differences(const std::vector<Layer>& from, const std::vector<Layer>& to,
                        const std::string& hidden = "") {
    std::string out;
    for (const auto& change : compare(build(from), build(to), [&](auto path) { return path == hidden; })) {
        out += change.kind == Change::Kind::added ? 'A' : change.kind == Change::Kind::deleted ? 'D' : 'C';
        out += " " + change.path + "\n";
    }
    return out;
}

TEST(Compare, SameTreesHaveNoDifferences) {
    const Layer base{dir("a"), file("a/f"), symlink("l", "a/f")};
    EXPECT_EQ(differences({base}, {base}), "");
    EXPECT_EQ(differences({base}, {base, {dir("a"), file("a/f")}}), "");
    EXPECT_EQ(differences({}, {}), "");
}

TEST(Compare, TellsWhatIsInAnAddedDirectory) {
    EXPECT_EQ(differences({{dir("a")}}, {{dir("a")}, {dir("a/n"), file("a/n/f"), dir("a/n/d")}}),
              "C /a\nA /a/n\nA /a/n/d\nA /a/n/f\n");
}

TEST(Compare, ADeletedDirectoryIsToldAlone) {
    const Layer base{dir("a"), dir("a/d"), file("a/d/f"), file("b")};
    EXPECT_EQ(differences({base}, {base, {dir("a"), file("a/.wh.d")}}), "C /a\nD /a/d\n");
}

TEST(Compare, OpaqueDirectoriesLoseWhatTheyHad) {
    const Layer base{dir("a"), file("a/x"), file("a/y")};
    EXPECT_EQ(differences({base}, {base, {dir("a"), file("a/.wh..wh..opq"), file("a/y"), file("a/z")}}),
              "C /a\nD /a/x\nA /a/z\n");
}

TEST(Compare, AttributesMakeADifference) {
    const Layer base{dir("d"), file("f", 5), symlink("l", "f")};
    auto owned = file("f", 5);
    owned.uid = 7;
    auto later = file("f", 5);
    later.mtime_s += 1;
    auto fraction = file("f", 5);
    fraction.mtime_ns = 7;
    EXPECT_EQ(differences({base}, {base, {owned}}), "C /f\n");
    EXPECT_EQ(differences({base}, {base, {later}}), "C /f\n");
    EXPECT_EQ(differences({base}, {base, {fraction}}), "");
    EXPECT_EQ(differences({base}, {base, {file("f", 6)}}), "C /f\n");
    EXPECT_EQ(differences({base}, {base, {symlink("l", "g")}}), "C /l\n");
    EXPECT_EQ(differences({base}, {base, {dir("d", 0700)}}), "C /d\n");
    EXPECT_EQ(differences({base}, {base, {with_xattr(file("f", 5), "security.capability", "x")}}), "C /f\n");
    EXPECT_EQ(differences({base}, {base, {with_xattr(file("f", 5), "user.note", "x")}}), "");
}

TEST(Compare, TimesOfDirectoriesDoNotCount) {
    auto later = dir("d");
    later.mtime_s += 1;
    EXPECT_EQ(differences({{dir("d")}}, {{dir("d")}, {later}}), "");
}

TEST(Compare, AnotherTypeIsAChange) {
    const Layer base{dir("a"), file("a/f"), file("g")};
    EXPECT_EQ(differences({base}, {{file("a"), dir("g"), file("g/n")}}), "C /a\nD /a/f\nC /g\nA /g/n\n");
}

TEST(Compare, WhatIsHiddenIsPassedOverButNotWhatIsInIt) {
    EXPECT_EQ(differences({{dir("a")}}, {{dir("a"), dir("run"), file("run/f")}}, "/run"), "A /run/f\n");
    EXPECT_EQ(differences({{dir("a")}}, {{dir("a"), file("a/hosts")}}, "/a/hosts"), "");
}

/// The differences by way of an excerpt are those of the whole trees.
void expect_same_by_excerpt(const Layer& base, const Layer& upper) {
    const auto below = excerpt(build({base}), {.entries = upper}).entries;
    EXPECT_EQ(differences({below}, {below, upper}), differences({base}, {base, upper}));
    EXPECT_LE(below.size(), base.size() + 1);
}

TEST(Excerpt, TellsTheSameChanges) {
    const Layer base{dir("a"),   file("a/f"),   dir("a/d"),        file("a/d/x"),
                     dir("b"),   file("b/g"),   file("c"),         dir("e"),
                     dir("e/e"), file("e/e/e"), symlink("l", "a"), hardlink("h", "a/f")};
    const std::vector<Layer> uppers{
        {},
        {dir("a"), file("a/f", 9)},
        {dir("a"), file("a/.wh.d"), file(".wh.c")},
        {dir("e"), file("e/.wh..wh..opq"), dir("e/e"), file("e/n")},
        {file("a"), dir("c"), file("c/n")},
        {dir("l"), file("l/n"), file(".wh.nothing"), dir("new"), dir("new/er")},
        {dir(""), file(".wh..wh..opq"), file("only")},
        {file("h", 3), symlink("b", "a")},
    };
    for (const auto& upper : uppers) expect_same_by_excerpt(base, upper);
}

TEST(Excerpt, IsAsSmallAsTheLayer) {
    Layer base{dir("big"), dir("a"), file("a/f")};
    for (int i = 0; i < 1000; ++i) base.push_back(file("big/" + std::to_string(i)));
    EXPECT_EQ(excerpt(build({base}), {.entries = {file("a/f"), file("big/.wh.7")}}).entries.size(), 5u);
}

}  // namespace
}  // namespace rpod::overlay
