// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/config.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::pod {
namespace {

using oci::NamespaceType;
using Types = std::set<NamespaceType>;

const Types kDefault{NamespaceType::ipc, NamespaceType::network, NamespaceType::uts};

TEST(ParseShare, ReplacesOrChangesTheDefault) {
    EXPECT_EQ(parse_share(""), kDefault);
    EXPECT_EQ(parse_share("net"), Types{NamespaceType::network});
    EXPECT_EQ(parse_share("pid,cgroup"), (Types{NamespaceType::pid, NamespaceType::cgroup}));
    EXPECT_EQ(parse_share("none"), Types{});
    auto with_pid = kDefault;
    with_pid.insert(NamespaceType::pid);
    EXPECT_EQ(parse_share("+pid"), with_pid);
    EXPECT_EQ(parse_share("-net,-uts"), Types{NamespaceType::ipc});
    // The user namespace is shared in any case.
    EXPECT_EQ(parse_share("ipc,user"), Types{NamespaceType::ipc});
}

TEST(ParseShare, RefusesWhatItDoesNotKnow) {
    for (const char* text : {"bogus", "net,none", "+net,uts", "net,+uts", "-user", ",", "+", "net,"})
        EXPECT_THROW(parse_share(text), Error) << text;
}

TEST(PodConfig, ReadsWhatItWrote) {
    PodConfig config;
    config.base.id = std::string(64, 'a');
    config.base.name = "p1";
    config.base.hostname = "h";
    config.base.labels = {{"a", "b"}};
    config.base.network.publish = {"80:80"};
    config.base.restart = "always";
    config.shared = {NamespaceType::pid, NamespaceType::network};
    config.exit_policy = ExitPolicy::stop;
    EXPECT_EQ(config_from_json(to_json(config), "it"), config);
}

TEST(PodConfig, RefusesOtherVersionsAndUnknownNames) {
    const auto text = to_json({.base = {.id = "i", .name = "n"}, .shared = kDefault});
    const auto with = [&](const std::string& from, const std::string& to) {
        auto changed = text;
        changed.replace(changed.find(from), from.size(), to);
        return changed;
    };
    EXPECT_THROW(config_from_json(with("\"version\": 1", "\"version\": 2"), "it"), Error);
    EXPECT_THROW(config_from_json(with("\"ipc\"", "\"ipq\""), "it"), Error);
    EXPECT_THROW(config_from_json(with("continue", "never"), "it"), Error);
    EXPECT_THROW(config_from_json("{}", "it"), Error);
}

TEST(PodHostname, IsThePodsNameWhereNoneIsSaid) {
    PodConfig config;
    config.base.name = "web";
    EXPECT_EQ(pod_hostname(config), "web");
    config.base.hostname = "www";
    EXPECT_EQ(pod_hostname(config), "www");
}

}  // namespace
}  // namespace rpod::pod
