// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/containers_conf.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "cli/conf_defaults.hh"

namespace rpod::cli {
namespace {

ContainersConf read(const std::string& text) {
    ContainersConf conf;
    conf.add(text, "file");
    return conf;
}

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

TEST(ContainersConf, LaterFilesOverride) {
    auto conf = read("[containers]\ninit = true\ntz = 'UTC'\n[engine]\nstop_timeout = 7\n");
    conf.add("[containers]\n\ntz = \"Asia/Tokyo\"\n", "other");
    EXPECT_EQ(conf.flag("containers.init"), true);
    EXPECT_EQ(conf.text("containers.tz"), "Asia/Tokyo");
    EXPECT_EQ(conf.number("engine.stop_timeout"), 7u);
    EXPECT_EQ(conf.origin("containers.init"), "file:2");
    EXPECT_EQ(conf.origin("containers.tz"), "other:3");
    EXPECT_EQ(conf.text("containers.umask"), std::nullopt);
    EXPECT_TRUE(conf.list("containers.env").empty());
}

TEST(ContainersConf, CommentsKeepTheirLines) {
    const auto conf =
        read("# one\n  # two\n[containers] # three\nenv = [ # four\n  \"a=#b\",\n# five\n]\numask = '0'\n");
    EXPECT_EQ(conf.list("containers.env"), std::vector<std::string>{"a=#b"});
    EXPECT_EQ(conf.origin("containers.umask"), "file:8");
    EXPECT_EQ(read("[containers]\ntz = \"\"\"\n# no comment\"\"\"\n").text("containers.tz"), "# no comment");
}

TEST(ContainersConf, WrongTypesNameTheirPlace) {
    const auto conf = read("[containers]\ninit = 'yes'\nenv = [1]\nlog_size_max = 99999999999\n");
    EXPECT_EQ(message_of([&] { conf.flag("containers.init"); }),
              "file:2: containers.init: expected true or false");
    EXPECT_EQ(message_of([&] { conf.list("containers.env"); }),
              "file:3: containers.env: expected a list of strings");
    EXPECT_EQ(message_of([&] { conf.number("containers.log_size_max"); }),
              "file:4: containers.log_size_max: expected a smaller number");
    EXPECT_EQ(read("[containers]\nlog_size_max = -1\n").number("containers.log_size_max"), std::nullopt);
}

TEST(ContainersConf, KeysThatAreNotInATable) {
    const auto conf = read("loose = 1\n[engine.runtimes]\ncrun = ['/usr/bin/crun']\n");
    EXPECT_EQ(conf.keys(), (std::vector<std::string>{"engine.runtimes", "loose"}));
    EXPECT_EQ(conf.origin("loose"), "file:1");
    EXPECT_EQ(conf.shown("engine.runtimes"), "{\"crun\":[\"/usr/bin/crun\"]}");
}

TEST(ConfKeys, AreSortedAndSayWhatHolds) {
    std::string_view last;
    for (const auto& key : conf_keys()) {
        EXPECT_LT(last, key.name);
        last = key.name;
    }
}

TEST(AddDefaults, ChangeTheCapabilitiesOnlyWhereTheFlagsDoNot) {
    const auto conf = read("[containers]\ndefault_capabilities = ['CHOWN', 'CAP_NET_RAW', 'KILL']\n");
    const Surroundings around{.cwd = "/", .env = {}, .architecture = "amd64"};
    container::ContainerConfig config;
    config.security.cap_drop = {"CAP_KILL"};
    config.security.cap_add = {"CAP_SETUID"};
    add_defaults(config, conf, around);
    const auto has = [](const auto& set, const char* name) {
        return std::find(set.begin(), set.end(), name) != set.end();
    };
    EXPECT_TRUE(has(config.security.cap_add, "CAP_NET_RAW"));
    EXPECT_FALSE(has(config.security.cap_add, "CAP_KILL"));
    EXPECT_FALSE(has(config.security.cap_drop, "CAP_SETUID"));
    EXPECT_FALSE(has(config.security.cap_drop, "CAP_CHOWN"));
    EXPECT_TRUE(has(config.security.cap_drop, "CAP_SETGID"));
    container::ContainerConfig bare;
    bare.security.cap_drop = {"ALL"};
    add_defaults(bare, conf, around);
    EXPECT_TRUE(bare.security.cap_add.empty());
}

}  // namespace
}  // namespace rpod::cli
