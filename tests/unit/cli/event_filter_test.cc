// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/event_filter.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::cli {
namespace {

const store::Event kDied{
    .type = "container", .status = "died", .id = "4f0000000000", .name = "web", .attributes = {{"a", "b"}}};

TEST(EventFilter, TakesPodmansKeys) {
    for (const char* filter : {"container=web", "container=4f", "event=died", "status=die", "type=container",
                               "label=a", "label=a=b"}) {
        EXPECT_TRUE(EventFilter({filter}).matches(kDied)) << filter;
    }
    for (const char* filter : {"container=we", "container=", "image=web", "volume=web", "pod=web",
                               "event=start", "type=image", "label=b", "label=a=c"}) {
        EXPECT_FALSE(EventFilter({filter}).matches(kDied)) << filter;
    }
}

TEST(EventFilter, WantsOneOfEachKey) {
    EXPECT_TRUE(EventFilter({"event=start", "event=died", "container=web"}).matches(kDied));
    EXPECT_FALSE(EventFilter({"event=start", "container=web"}).matches(kDied));
}

TEST(EventFilter, RefusesWhatItDoesNotKnow) {
    for (const char* filter : {"nope=1", "event", ""}) EXPECT_THROW(EventFilter({filter}), Error) << filter;
}

}  // namespace
}  // namespace rpod::cli
