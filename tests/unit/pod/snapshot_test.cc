// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/snapshot.hh"

#include <gtest/gtest.h>

namespace rpod::pod {
namespace {

std::string status_of(bool alive, bool started, std::initializer_list<const char*> members) {
    std::vector<container::Snapshot> list;
    for (const char* status : members) list.emplace_back().status = status;
    return pod_status(alive, started, list);
}

TEST(PodStatus, IsOfTheMonitorAndTheMembers) {
    EXPECT_EQ(status_of(false, false, {}), "Created");
    EXPECT_EQ(status_of(false, false, {"created", "created"}), "Created");
    EXPECT_EQ(status_of(true, true, {}), "Running");
    EXPECT_EQ(status_of(true, true, {"running", "running"}), "Running");
    EXPECT_EQ(status_of(true, true, {"running", "exited"}), "Degraded");
    EXPECT_EQ(status_of(true, true, {"exited"}), "Degraded");
    EXPECT_EQ(status_of(true, true, {"paused", "paused"}), "Paused");
    EXPECT_EQ(status_of(true, true, {"paused", "running"}), "Degraded");
    EXPECT_EQ(status_of(false, true, {"exited", "exited"}), "Exited");
    EXPECT_EQ(status_of(false, true, {}), "Exited");
    EXPECT_EQ(status_of(false, true, {"created"}), "Exited");
}

}  // namespace
}  // namespace rpod::pod
