// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/persona.hh"

#include <gtest/gtest.h>

#include <sstream>

namespace rpod::cli {
namespace {

TEST(Persona, GoesByTheNameItWasCalledBy) {
    EXPECT_EQ(persona_name("podman"), "podman");
    EXPECT_EQ(persona_name("/usr/local/bin/docker"), "docker");
    EXPECT_EQ(persona_name("./podman"), "podman");
    EXPECT_EQ(persona_name("/opt/docker/rpod"), "rpod");
    EXPECT_EQ(persona_name("podman-remote"), "rpod");
    EXPECT_EQ(persona_name("podman/"), "rpod");
    EXPECT_EQ(persona_name(""), "rpod");
}

TEST(Persona, TellsTheVersionThatScriptsLookFor) {
    std::ostringstream out;
    std::ostringstream err;
    Context ctx{.out = out, .err = err};
    EXPECT_EQ(version_line(ctx), "rpod version " + persona(ctx).version);
    EXPECT_FALSE(speaks_docker(ctx));
    ctx.program = "podman";
    EXPECT_EQ(version_line(ctx), "podman version 4.3.1");
    ctx.program = "docker";
    EXPECT_TRUE(speaks_docker(ctx));
    EXPECT_TRUE(version_line(ctx).starts_with("Docker version 20.10.25, build rpod-"));
    EXPECT_EQ(persona(ctx).api, "1.41");
}

}  // namespace
}  // namespace rpod::cli
