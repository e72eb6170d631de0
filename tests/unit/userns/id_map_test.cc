// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/id_map.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::userns {
namespace {

IdMap two_ranges() {
    return IdMap({{.inside = 0, .outside = 1000, .size = 1},
                  {.inside = 1, .outside = 100000, .size = 65536},
                  {.inside = 65537, .outside = 300000, .size = 1000}});
}

TEST(IdMap, TranslatesBothWays) {
    const auto map = two_ranges();
    EXPECT_EQ(map.to_outside(0), 1000u);
    EXPECT_EQ(map.to_outside(65536), 165535u);
    EXPECT_EQ(map.to_outside(65537), 300000u);
    EXPECT_EQ(map.to_outside(66537), std::nullopt);
    EXPECT_EQ(map.to_inside(100000), 1u);
    EXPECT_EQ(map.to_inside(99999), std::nullopt);
    EXPECT_EQ(map.count(), 66537u);
}

TEST(IdMap, ReadsWhatItWrites) {
    EXPECT_EQ(IdMap::from_proc(two_ranges().to_proc()), two_ranges());
    EXPECT_EQ(IdMap::from_proc("         0          0 4294967295\n").to_outside(70000), 70000u);
    EXPECT_THROW(IdMap::from_proc("0 x 1"), Error);
}

TEST(IdMap, RefusesOverlapsEmptyExtentsAndOverflow) {
    EXPECT_THROW(IdMap({{.inside = 0, .outside = 5, .size = 2}, {.inside = 1, .outside = 9, .size = 1}}),
                 Error);
    EXPECT_THROW(IdMap({{.inside = 0, .outside = 5, .size = 2}, {.inside = 9, .outside = 6, .size = 1}}),
                 Error);
    EXPECT_THROW(IdMap({{.inside = 0, .outside = 5, .size = 0}}), Error);
    EXPECT_THROW(IdMap({{.inside = 0, .outside = 0xfffffffe, .size = 2}}), Error);
}

TEST(IdMap, SplitsExtentsWhereTheParentsEnd) {
    const IdMap all({{.inside = 0, .outside = 0, .size = 66537}});
    const auto fitted = all.fitted_to(two_ranges(), IdKind::uid);
    EXPECT_EQ(fitted.to_proc(), "0 0 1\n1 1 65536\n65537 65537 1000\n");
    const IdMap too_large({{.inside = 0, .outside = 0, .size = 66538}});
    EXPECT_THROW(too_large.fitted_to(two_ranges(), IdKind::uid), Error);
}

}  // namespace
}  // namespace rpod::userns
