// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/change.hh"

#include <gtest/gtest.h>

#include "base/error.hh"

namespace rpod::image {
namespace {

using Strings = std::vector<std::string>;

oci::RunConfig changed(const Strings& changes) {
    oci::RunConfig config;
    config.env = {"A=1", "B=2"};
    for (const auto& change : changes) apply_change(config, change);
    return config;
}

oci::Healthcheck healthcheck(const std::string& text) {
    return *changed({"HEALTHCHECK " + text}).healthcheck;
}

TEST(Change, CommandsInBothForms) {
    EXPECT_EQ(changed({R"(CMD ["a", "b c"])"}).cmd, (Strings{"a", "b c"}));
    EXPECT_EQ(changed({"CMD a b"}).cmd, (Strings{"/bin/sh", "-c", "a b"}));
    EXPECT_EQ(changed({"entrypoint=[\"x\"]"}).entrypoint, (Strings{"x"}));
    EXPECT_TRUE(changed({"CMD"}).cmd.empty());
}

TEST(Change, EnvReplacesInPlace) {
    EXPECT_EQ(changed({"ENV A=9 C=\"x y\""}).env, (Strings{"A=9", "B=2", "C=x y"}));
    EXPECT_EQ(changed({"ENV B the rest"}).env, (Strings{"A=1", "B=the rest"}));
}

TEST(Change, Healthchecks) {
    EXPECT_EQ(healthcheck("NONE").test, (Strings{"NONE"}));
    EXPECT_EQ(healthcheck("CMD test -e /x").test, (Strings{"CMD-SHELL", "test -e /x"}));
    const auto check =
        healthcheck("--interval=5s  --timeout=1m30s --start-period=2s --retries=3 CMD [\"true\", \"x\"]");
    EXPECT_EQ(check.test, (Strings{"CMD", "true", "x"}));
    EXPECT_EQ(check.interval_ns, 5'000'000'000);
    EXPECT_EQ(check.timeout_ns, 90'000'000'000);
    EXPECT_EQ(check.start_period_ns, 2'000'000'000);
    EXPECT_EQ(check.retries, 3);
}

TEST(Change, RefusesWhatIsMalformed) {
    for (const char* text :
         {"", "FROM x", "ENV", "ENV =x", "EXPOSE 0", "EXPOSE 70000/tcp", "HEALTHCHECK", "HEALTHCHECK CMD",
          "HEALTHCHECK true", "HEALTHCHECK --interval=5 CMD x", "HEALTHCHECK --interval=-5s CMD x",
          "HEALTHCHECK --retries=x CMD x", "HEALTHCHECK --retries=1", "HEALTHCHECK NONE CMD x"}) {
        EXPECT_THROW(changed({text}), Error) << text;
    }
}

}  // namespace
}  // namespace rpod::image
