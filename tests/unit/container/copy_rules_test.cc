// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/copy_rules.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "container/parse_path.hh"

namespace rpod::container {
namespace {

/// "DIRECTORY|NAME", or the error.
std::string target(const std::string& typed, PathKind kind, const CopySource& source,
                   PathKind parent = PathKind::directory) {
    try {
        const auto out = choose_target(typed, clean_path("/" + typed), kind, parent, source, "on the host");
        return out.directory + "|" + out.name;
    } catch (const Error& e) {
        return e.what();
    }
}

const CopySource kFile{.directory = false, .name = "src"};
const CopySource kDirectory{.directory = true, .name = "src"};
const CopySource kContent{.directory = true, .content_only = true, .name = "src"};

TEST(CopyRules, IntoADirectoryUnderItsName) {
    for (const char* path : {"/d/e", "/d/e/", "/d/./e/.", "d/x/../e"}) {
        EXPECT_EQ(target(path, PathKind::directory, kFile), "/d/e|src") << path;
        EXPECT_EQ(target(path, PathKind::directory, kDirectory), "/d/e|src") << path;
        EXPECT_EQ(target(path, PathKind::directory, kContent), "/d/e|") << path;
    }
    EXPECT_EQ(target("/", PathKind::directory, kFile), "/|src");
}

TEST(CopyRules, OntoAFile) {
    EXPECT_EQ(target("/d/f", PathKind::file, kFile), "/d|f");
    EXPECT_EQ(target("/f", PathKind::file, kFile), "/|f");
    const std::string refused = "destination must be a directory when copying a directory";
    EXPECT_EQ(target("/d/f", PathKind::file, kDirectory), refused);
    EXPECT_EQ(target("/d/f", PathKind::file, kContent), refused);
    EXPECT_EQ(target("/d/f/", PathKind::file, kFile), "\"/d/f/\" on the host is not a directory");
}

TEST(CopyRules, ToANewName) {
    EXPECT_EQ(target("/d/n", PathKind::absent, kFile), "/d|n");
    EXPECT_EQ(target("/d/n", PathKind::absent, kDirectory), "/d|n");
    EXPECT_EQ(target("/d/n", PathKind::absent, kContent), "/d|n");
}

TEST(CopyRules, NothingIsMadeOnTheWay) {
    const auto missing = [](const std::string& path) {
        return "\"" + path + "\" could not be found on the host: no such file or directory";
    };
    EXPECT_EQ(target("/d/n/", PathKind::absent, kFile), missing("/d/n/"));
    EXPECT_EQ(target("/d/n/.", PathKind::absent, kDirectory), missing("/d/n/."));
    EXPECT_EQ(target("/d/n", PathKind::absent, kFile, PathKind::absent), missing("/d/n"));
    EXPECT_EQ(target("/d/n", PathKind::absent, kFile, PathKind::file), missing("/d/n"));
}

TEST(CopyRules, ContentIsNamedByADot) {
    EXPECT_TRUE(names_content("."));
    EXPECT_TRUE(names_content("/a/."));
    EXPECT_FALSE(names_content("/a/.."));
    EXPECT_FALSE(names_content("/a/x."));
    EXPECT_FALSE(names_content("/a/"));
}

TEST(CopyRules, PartsOfPaths) {
    EXPECT_EQ(last_component("/"), "");
    EXPECT_EQ(parent_path("/"), "/");
    EXPECT_EQ(last_component("/a"), "a");
    EXPECT_EQ(parent_path("/a"), "/");
    EXPECT_EQ(last_component("/a/b"), "b");
    EXPECT_EQ(parent_path("/a/b"), "/a");
}

}  // namespace
}  // namespace rpod::container
