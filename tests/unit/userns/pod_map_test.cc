// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/pod_map.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::userns {
namespace {

SessionMaps ranged() {
    const IdMap map(
        {{.inside = 0, .outside = 1000, .size = 1}, {.inside = 1, .outside = 100000, .size = 65536}});
    return {.uids = map, .gids = map, .single_reason = {}};
}

SessionMaps single() {
    const IdMap map({{.inside = 0, .outside = 1000, .size = 1}});
    return {.uids = map, .gids = map, .single_reason = "no entry"};
}

std::string uids(const MapRequest& request, const SessionMaps& session) {
    return resolve_pod_maps(request, session).uids.to_proc();
}

TEST(PodMap, TakesAllOfTheSession) {
    EXPECT_EQ(uids(MapAll{}, ranged()), "0 0 1\n1 1 65536\n");
    EXPECT_EQ(uids(MapAll{}, single()), "0 0 1\n");
}

TEST(PodMap, KeepsTheCallersId) {
    EXPECT_EQ(uids(MapKeepId{.uid = 1000, .gid = 1000}, ranged()), "0 1 1000\n1000 0 1\n1001 1001 64536\n");
    EXPECT_EQ(uids(MapKeepId{.uid = 0, .gid = 0}, ranged()), "0 0 1\n1 1 65536\n");
    EXPECT_EQ(uids(MapKeepId{.uid = 1000, .gid = 1000}, single()), "1000 0 1\n");
    EXPECT_EQ(uids(MapKeepId{.uid = 70000, .gid = 0}, ranged()), "0 1 65536\n70000 0 1\n");
    EXPECT_EQ(uids(MapKeepId{.uid = 5, .gid = 5, .size = 3}, ranged()), "0 1 2\n5 0 1\n");
    EXPECT_THROW(uids(MapKeepId{.uid = 5, .gid = 5, .size = 65538}, ranged()), Error);
}

TEST(PodMap, LeavesTheCallerOut) {
    EXPECT_EQ(uids(MapWithoutCaller{}, ranged()), "0 1 65536\n");
    EXPECT_EQ(uids(MapRange{.first = 2049, .size = 1024}, ranged()), "0 2049 1024\n");
    EXPECT_THROW(uids(MapWithoutCaller{}, single()), Error);
    EXPECT_THROW(uids(MapRange{.first = 65000, .size = 1024}, ranged()), Error);
}

TEST(PodMap, TakesMapsAsGiven) {
    const MapGiven maps{.uids = {{.extent = {0, 1, 10}}, {.extent = {20, 1000, 1}, .outside_is_host = true}},
                        .gids = {}};
    EXPECT_EQ(uids(maps, ranged()), "0 1 10\n20 0 1\n");
    EXPECT_EQ(resolve_pod_maps(maps, ranged()).gids.to_proc(), "0 1 10\n20 0 1\n");
    EXPECT_THROW(
        uids(MapGiven{.uids = {{.extent = {0, 99, 1}, .outside_is_host = true}}, .gids = {}}, ranged()),
        Error);
}

}  // namespace
}  // namespace rpod::userns
