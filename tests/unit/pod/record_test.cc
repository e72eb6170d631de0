// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/record.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "container/create.hh"
#include "store/temp_store.hh"

namespace rpod::pod {
namespace {

PodConfig make(const store::Paths& paths, const std::string& name) {
    PodConfig config;
    config.base.name = name;
    create_pod(paths, config);
    return config;
}

TEST(CreatePod, ClaimsItsNameAndIsFound) {
    const store::TempStore store;
    const auto pod = make(store.paths(), "web");
    EXPECT_EQ(pod.base.id.size(), 64U);
    EXPECT_EQ(find_pod(store.paths(), "web"), pod.base.id);
    EXPECT_EQ(find_pod(store.paths(), pod.base.id.substr(0, 8)), pod.base.id);
    EXPECT_EQ(read_pod(store.paths(), pod.base.id), pod);
    EXPECT_THROW(make(store.paths(), "web"), Error);
    EXPECT_THROW(find_pod(store.paths(), "other"), Error);
    EXPECT_FALSE(make(store.paths(), "").base.name.empty());
}

TEST(CreatePod, RefusesTheNameOfAContainer) {
    const store::TempStore store;
    container::ContainerConfig container;
    container.name = "taken";
    container::create(store.paths(), container, false);
    EXPECT_THROW(make(store.paths(), "taken"), Error);
}

TEST(CreatePod, TakesANameThatADeadOneLeft) {
    const store::TempStore store;
    sys::make_dirs(store.paths().pods() / "names");
    ASSERT_EQ(::symlink("gone", (store.paths().pods() / "names/web").c_str()), 0);
    make(store.paths(), "web");
}

TEST(MemberIds, AreThoseWhoseRecordNamesThePod) {
    const store::TempStore store;
    const auto pod = make(store.paths(), "web");
    std::vector<std::string> ids;
    for (const auto& of : {pod.base.id, std::string(), pod.base.id}) {
        container::ContainerConfig member;
        member.pod = of;
        const auto created = container::create(store.paths(), member, false);
        if (!of.empty()) ids.push_back(created.id);
    }
    auto found = member_ids(store.paths(), pod.base.id);
    std::sort(ids.begin(), ids.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, ids);
}

TEST(DiscardPod, FreesTheName) {
    const store::TempStore store;
    const auto pod = make(store.paths(), "web");
    discard_pod(store.paths(), pod.base.id);
    EXPECT_TRUE(pod_ids(store.paths()).empty());
    EXPECT_THROW(lock_pod(store.paths(), pod.base.id), Error);
    make(store.paths(), "web");
}

TEST(SweepPods, RemovesTheHalfMade) {
    const store::TempStore store;
    const auto pod = make(store.paths(), "web");
    const auto half = store.paths().pods() / ".tmp-1234";
    sys::make_dirs(half);
    sweep_pods(store.paths());
    struct stat st {};
    EXPECT_NE(::stat(half.c_str(), &st), 0);
    EXPECT_EQ(pod_ids(store.paths()).size(), 1U);
}

}  // namespace
}  // namespace rpod::pod
