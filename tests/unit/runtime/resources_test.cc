// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/resources.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::runtime {
namespace {

std::string problem_with(const std::string& text) {
    try {
        require_no_limits(text, "linux.resources");
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

std::string limit(const std::string& path) {
    return path + ": no cgroup is made for a bundle that could limit it";
}

TEST(Resources, WhatLimitsNothingIsTaken) {
    for (const char* text :
         {"", "{}", R"({"memory":{},"cpu":{},"pids":{},"blockIO":{},"network":{},"rdma":{},"unified":{}})",
          R"({"memory":{"limit":-1,"swap":-1,"disableOOMKiller":false,"useHierarchy":true}})",
          R"({"cpu":{"shares":0,"quota":-1,"period":100000,"cpus":"","mems":""},"pids":{"limit":-1}})",
          R"({"pids":{"limit":0},"hugepageLimits":[],"blockIO":{"weight":0,"weightDevice":[]}})",
          R"({"devices":[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","major":1,"minor":3}]})",
          R"({"devices":[{"allow":false,"type":"a","major":-1,"minor":-1,"access":"rwm"}]})",
          R"({"unified":{"memory.max":"max"}})"}) {
        EXPECT_EQ(problem_with(text), "no error") << text;
    }
}

TEST(Resources, LimitsAreRefusedByName) {
    EXPECT_EQ(problem_with(R"({"memory":{"limit":1}})"), limit("linux.resources: memory.limit"));
    EXPECT_EQ(problem_with(R"({"memory":{"swappiness":0}})"), limit("linux.resources: memory.swappiness"));
    EXPECT_EQ(problem_with(R"({"memory":{"disableOOMKiller":true}})"),
              limit("linux.resources: memory.disableOOMKiller"));
    EXPECT_EQ(problem_with(R"({"cpu":{"quota":1}})"), limit("linux.resources: cpu.quota"));
    EXPECT_EQ(problem_with(R"({"cpu":{"cpus":"0-1"}})"), limit("linux.resources: cpu.cpus"));
    EXPECT_EQ(problem_with(R"({"pids":{"limit":10}})"), limit("linux.resources: pids.limit"));
    EXPECT_EQ(problem_with(R"({"blockIO":{"weightDevice":[{}]}})"),
              limit("linux.resources: blockIO.weightDevice"));
    EXPECT_EQ(problem_with(R"({"hugepageLimits":[{"pageSize":"2MB","limit":1}]})"),
              limit("linux.resources: hugepageLimits"));
    EXPECT_EQ(problem_with(R"({"network":{"classID":1}})"), limit("linux.resources: network.classID"));
    EXPECT_EQ(problem_with(R"({"rdma":{"mlx5_1":{"hcaHandles":3}}})"), limit("linux.resources: rdma.mlx5_1"));
    EXPECT_EQ(problem_with(R"({"unified":{"memory.high":"1G"}})").substr(0, 36),
              "linux.resources: unified.memory.high");
    EXPECT_EQ(problem_with(R"({"magic":{"limit":-1}})"), limit("linux.resources: magic.limit"));
}

TEST(Resources, DeviceRulesThatWouldTakeSomethingAwayAreRefused) {
    EXPECT_EQ(problem_with(R"({"devices":[{"allow":false,"type":"c","major":10,"minor":229}]})"),
              "linux.resources: devices[0]: no cgroup is made for a bundle that could keep it from a device");
    EXPECT_EQ(problem_with(R"({"devices":[{"allow":true,"type":"x"}]})"),
              "linux.resources: devices[0].type: there is no device type 'x'");
    EXPECT_EQ(problem_with(R"({"devices":[{"allow":true,"access":"rx"}]})"),
              "linux.resources: devices[0].access: 'rx' is not of r, w and m");
}

}  // namespace
}  // namespace rpod::runtime
