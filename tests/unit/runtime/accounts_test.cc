// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/accounts.hh"

#include <gtest/gtest.h>

namespace rpod::runtime {
namespace {

ContainerUser user(uint32_t uid, uint32_t gid) {
    ContainerUser out;
    out.uid = uid;
    out.gid = gid;
    return out;
}

AccountPlan plan_of_caller() {
    AccountPlan plan;
    plan.add = true;
    plan.caller = {
        .uid = 1000, .gid = 100, .name = "ann", .full_name = "Ann", .group = "users", .home = "/home/ann"};
    return plan;
}

TEST(Accounts, NumbersAreNamesWhereNobodyIsKnown) {
    EXPECT_EQ(passwd_line({}, user(7, 8), "/"), "7:*:7:8:container user:/:/bin/sh");
    EXPECT_EQ(group_line({}, user(7, 8)), "8:x:8:7");
}

TEST(Accounts, TheCallerKeepsItsName) {
    const auto plan = plan_of_caller();
    EXPECT_EQ(passwd_line(plan, user(1000, 100), "/home/ann"), "ann:*:1000:100:Ann:/home/ann:/bin/sh");
    EXPECT_EQ(group_line(plan, user(1000, 100)), "users:x:100:ann");
    EXPECT_EQ(group_line(plan, user(1000, 5)), "5:x:5:ann");
    EXPECT_EQ(passwd_line(plan, user(2, 100), "/"), "2:*:2:100:container user:/:/bin/sh");
}

TEST(Accounts, VariablesAreReplacedOnce) {
    auto plan = plan_of_caller();
    plan.caller->name = "$UID";
    plan.passwd_entry = "$USERNAME|$UID|$GID|$NAME|$HOME|$OTHER$";
    plan.group_entry = "$GROUPNAME|$GID|$USERLIST";
    EXPECT_EQ(passwd_line(plan, user(1000, 100), "/h"), "$UID|1000|100|Ann|/h|$OTHER$");
    EXPECT_EQ(group_line(plan, user(1000, 100)), "users|100|$UID");
}

}  // namespace
}  // namespace rpod::runtime
