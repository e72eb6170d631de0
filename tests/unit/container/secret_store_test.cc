// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/secret_store.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "container/secret_files.hh"
#include "store/temp_store.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

class SecretStore : public testing::Test {
  protected:
    const store::Paths& paths() const { return store_.paths(); }
    Secret make(const std::string& name, const std::string& data, bool replace = false) {
        return create_secret(paths(),
                             {.name = name, .id = {}, .created = {}, .updated = {}, .labels = {{"a", "b"}}},
                             data, replace);
    }

    store::TempStore store_;
};

TEST_F(SecretStore, KeepsAnyBytes) {
    const std::string data("a\0\xff\n", 4);
    const auto made = make("s", data);
    EXPECT_EQ(made.id.size(), 25U);
    EXPECT_EQ(secret_data(paths(), "s"), data);
    const auto found = get_secret(paths(), made.id.substr(0, 8));
    EXPECT_EQ(found.name, "s");
    EXPECT_EQ(found.labels.at("a"), "b");
}

TEST_F(SecretStore, IsForNobodyElse) {
    make("s", "x");
    struct stat st {};
    ASSERT_EQ(::stat((paths().secrets() / "s.json").c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat(paths().secrets().c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777U, 0700U);
}

TEST_F(SecretStore, ReplacesWhereAskedAndKeepsTheId) {
    const auto first = make("s", "one");
    EXPECT_THROW(make("s", "two"), Error);
    EXPECT_EQ(secret_data(paths(), "s"), "one");
    const auto second = make("s", "two", true);
    EXPECT_EQ(second.id, first.id);
    EXPECT_EQ(second.created, get_secret(paths(), "s").created);
    EXPECT_EQ(secret_data(paths(), "s"), "two");
}

TEST_F(SecretStore, RefusesNamesThatAreNone) {
    for (const char* name : {"", ".", "..", "a/b", "../a", "-a", "a-", "a.", "_a", "a b", "a\n"})
        EXPECT_THROW(make(name, "x"), Error) << name;
    EXPECT_THROW(make(std::string(65, 'a'), "x"), Error);
    EXPECT_THROW(make("s", ""), Error);
    EXPECT_THROW(make("s", std::string(512'000, 'x')), Error);
    make(std::string(64, 'a'), std::string(511'999, 'x'));
}

TEST_F(SecretStore, LeavesOutWhatItCannotRead) {
    make("good", "x");
    sys::replace_file(paths().secrets() / "bad.json", "{");
    const auto all = list_secrets(paths());
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].name, "good");
    EXPECT_THROW(secret_data(paths(), "bad"), Error);
    EXPECT_FALSE(find_secret(paths(), "../version"));
    remove_secret(paths(), all[0]);
    EXPECT_TRUE(list_secrets(paths()).empty());
}

TEST_F(SecretStore, GivesVariablesThatReplaceOthers) {
    make("s", "new");
    ContainerConfig config;
    config.secrets = {{.name = "s", .id = {}, .env = true, .target = "A"}};
    std::vector<std::string> env{"A=old", "AB=kept"};
    add_secret_env(paths(), config, env);
    EXPECT_EQ(env, (std::vector<std::string>{"AB=kept", "A=new"}));
    make("s", std::string("a\0b", 3), true);
    EXPECT_THROW(add_secret_env(paths(), config, env), Error);
}

}  // namespace
}  // namespace rpod::container
