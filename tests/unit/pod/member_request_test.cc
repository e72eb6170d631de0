// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <gtest/gtest.h>

#include "base/error.hh"
#include "pod/monitor.hh"

namespace rpod::pod {
namespace {

TEST(MemberRequest, ReadsWhatItWrote) {
    const MemberRequest request{.id = std::string(64, 'b'),
                                .attached = false,
                                .waits = true,
                                .rows = 24,
                                .columns = 80,
                                .foreign = {{oci::NamespaceType::pid, "/proc/7/ns/pid"}},
                                .shared_shm = "/proc/7/root/dev/shm",
                                .shared_mqueue = ""};
    const auto read = member_request_from_json(to_json(request));
    EXPECT_EQ(read.id, request.id);
    EXPECT_FALSE(read.attached);
    EXPECT_TRUE(read.waits);
    EXPECT_EQ(read.rows, 24);
    EXPECT_EQ(read.columns, 80);
    EXPECT_EQ(read.foreign, request.foreign);
    EXPECT_EQ(read.shared_shm, request.shared_shm);
    EXPECT_EQ(read.shared_mqueue, "");
}

TEST(MemberRequest, RefusesWhatIsNotOne) {
    EXPECT_THROW(member_request_from_json("{}"), Error);
    EXPECT_THROW(member_request_from_json(R"({"id":"a","attached":true,"waits":true,"rows":70000,)"
                                          R"("columns":1,"foreign":{}})"),
                 Error);
}

}  // namespace
}  // namespace rpod::pod
