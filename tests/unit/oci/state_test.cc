// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/state.hh"

#include <gtest/gtest.h>

namespace rpod::oci {
namespace {

TEST(State, HasWhatTheSpecificationWants) {
    const State state{.oci_version = "1.2.0",
                      .id = "web",
                      .status = "running",
                      .pid = 42,
                      .bundle = "/b",
                      .annotations = {{"a", "\"quoted\""}}};
    EXPECT_EQ(state.to_json(),
              R"({"ociVersion":"1.2.0","id":"web","status":"running","pid":42,"bundle":"/b",)"
              R"("annotations":{"a":"\"quoted\""}})");
}

TEST(State, LeavesOutWhatThereIsNot) {
    const State state{
        .oci_version = "1.0.2", .id = "x", .status = "stopped", .pid = {}, .bundle = "/", .annotations = {}};
    EXPECT_EQ(state.to_json(), R"({"ociVersion":"1.0.2","id":"x","status":"stopped","bundle":"/"})");
}

}  // namespace
}  // namespace rpod::oci
