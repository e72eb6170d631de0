// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/credentials.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::registry {
namespace {

/// A directory with an auth.json, gone at the end.
class Credentials : public ::testing::Test {
  protected:
    Credentials() : dir_(std::filesystem::temp_directory_path() / ("rpod-" + sys::random_name())) {
        sys::make_dirs(dir_);
    }
    ~Credentials() override { sys::remove_tree_at(AT_FDCWD, dir_); }

    std::string file() const { return dir_ / "auth.json"; }
    void write(std::string_view text) const { sys::replace_file(file(), text); }
    std::string user_of(const std::string& name) const {
        const auto found = find_credential(name, {.authfile = file()});
        return found ? found->user + ":" + found->password : "";
    }

  private:
    std::filesystem::path dir_;
};

TEST_F(Credentials, TheLongestNameCounts) {
    // a:1, b:2, c:3
    write(R"({"auths": {"quay.io": {"auth": "YTox"}, "quay.io/team": {"auth": "Yjoy"},
              "https://index.docker.io/v1/": {"auth": "Yzoz"}}})");
    EXPECT_EQ(user_of("quay.io/other/x"), "a:1");
    EXPECT_EQ(user_of("quay.io/team/x"), "b:2");
    EXPECT_EQ(user_of("quay.io"), "a:1");
    EXPECT_EQ(user_of("docker.io/library/debian"), "c:3");
    EXPECT_EQ(user_of("quay.io.evil/x"), "");
    EXPECT_EQ(user_of("ghcr.io/x"), "");
}

TEST_F(Credentials, StoresAndRemoves) {
    write(R"({"auths": {"a.example": {"auth": "YTox"}}, "other": {"kept": true}})");
    store_credential(file(), "b.example", {.user = "bob", .password = "s:e"});
    EXPECT_EQ(user_of("b.example/x"), "bob:s:e");
    EXPECT_EQ(user_of("a.example/x"), "a:1");
    EXPECT_NE(sys::read_file(file()).find("kept"), std::string::npos);
    struct stat st {};
    ASSERT_EQ(::stat(file().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600U);
    EXPECT_TRUE(remove_credential(file(), "b.example"));
    EXPECT_FALSE(remove_credential(file(), "b.example"));
    EXPECT_EQ(user_of("b.example"), "");
    EXPECT_EQ(remove_all_credentials(file()), 1U);
    EXPECT_EQ(user_of("a.example"), "");
}

TEST_F(Credentials, SaysWhatIsWrongWithoutTheSecret) {
    write(R"({"auths": {"a.example": {"auth": "c2VjcmV0"}}})");  // "secret", without a colon
    try {
        user_of("a.example");
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(std::string(e.what()).find("c2Vj"), std::string::npos) << e.what();
    }
    write("not json");
    EXPECT_THROW(user_of("a.example"), Error);
    write("");
    EXPECT_EQ(user_of("a.example"), "");
    EXPECT_THROW(parse_creds(":x"), Error);
    EXPECT_EQ(parse_creds("u:p:q").password, "p:q");
}

TEST_F(Credentials, AHelperIsANameInPath) {
    write(R"({"credHelpers": {"a.example": "../../bin/sh"}})");
    EXPECT_THROW(user_of("a.example"), Error);
    write(R"({"credHelpers": {"a.example": "does-not-exist-anywhere"}})");
    EXPECT_THROW(user_of("a.example"), Error);
}

}  // namespace
}  // namespace rpod::registry
