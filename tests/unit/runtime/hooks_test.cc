// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/hooks.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.hh"
#include "runtime/hook_caller.hh"
#include "sys/process.hh"

namespace rpod::runtime {
namespace {

class Hooks : public testing::Test {
  protected:
    void SetUp() override {
        dir_ = std::filesystem::temp_directory_path() / ("hooks-" + std::to_string(::getpid()));
        std::filesystem::create_directory(dir_);
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }

    static oci::Hook shell(const std::string& script, std::optional<int> timeout = {}) {
        return {.path = "/bin/sh", .args = {"sh", "-c", script}, .env = {"A=1"}, .timeout = timeout};
    }

    std::string problem_of(const oci::Hook& hook, const HookOptions& options = {}) {
        try {
            run_hook(hook, HookPoint::prestart, state_, options);
        } catch (const Error& e) {
            return e.what();
        }
        return "no error";
    }

    std::string content(const std::string& name) const {
        std::ifstream in(dir_ / name);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }

    std::filesystem::path dir_;
    oci::State state_{
        .oci_version = "1.2.0", .id = "x", .status = "creating", .pid = 1, .bundle = "/b", .annotations = {}};
};

TEST_F(Hooks, GetStateEnvironmentAndDirectory) {
    EXPECT_EQ(problem_of(shell("/bin/cat >state; echo $A >a; test -z \"$HOME\""),
                         {.directory = dir_, .become = {}}),
              "no error");
    EXPECT_EQ(content("state"), state_.to_json());
    EXPECT_EQ(content("a"), "1\n");
}

TEST_F(Hooks, FailByExitCodeSignalAndTime) {
    EXPECT_EQ(problem_of(shell("exit 4")), "prestart hook '/bin/sh': it ended with exit code 4");
    EXPECT_EQ(problem_of(shell("kill -9 $$")), "prestart hook '/bin/sh': killed by SIGKILL");
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(problem_of(shell("/bin/sleep 60", 1)),
              "prestart hook '/bin/sh': killed after its timeout of 1 s");
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
    EXPECT_EQ(problem_of(shell("exit 0", INT32_MAX)), "no error");
}

TEST_F(Hooks, SayWhyTheyCannotBeExecuted) {
    EXPECT_EQ(problem_of({.path = "/no/such", .args = {}, .env = {}, .timeout = {}}),
              "prestart hook '/no/such': execute it: No such file or directory");
    EXPECT_EQ(problem_of(shell("exit 0"), {.directory = "/no", .become = {}}),
              "prestart hook '/bin/sh': enter '/no': No such file or directory");
    EXPECT_EQ(problem_of(shell("exit 0"), {.directory = {}, .become = [] { throw Error("not now"); }}),
              "prestart hook '/bin/sh': not now");
}

TEST_F(Hooks, EndAtTheFirstFailure) {
    oci::Hooks hooks;
    hooks.create_runtime = {shell("echo one >>log"), shell("exit 1"), shell("echo three >>log")};
    EXPECT_THROW(run_hooks(hooks, HookPoint::create_runtime, state_, {.directory = dir_, .become = {}}),
                 Error);
    EXPECT_EQ(content("log"), "one\n");
}

TEST_F(Hooks, OfTheCallerAreRunOnRequest) {
    oci::Hooks hooks;
    hooks.prestart = {shell("/bin/cat >create; echo prestart >>log")};
    hooks.create_runtime = {shell("echo createRuntime >>log")};
    hooks.poststart = {shell("exit 1")};
    hooks.poststop = {shell("exit 1"), shell("/bin/cat >end; echo poststop >>log")};
    state_.bundle = dir_;
    auto [ours, theirs] = sys::Channel::make_pair();
    const auto host = sys::fork_child("hooks", [&, &mine = ours, &launcher = theirs] {
        mine.close();
        return serve_hooks({.hooks = hooks, .state = state_}, launcher);
    });
    theirs.close();
    const auto container = sys::fork_child("container", [] { return 0; });
    {
        const HookCaller caller(std::move(ours));
        caller.begun(sys::open_pidfd(container).get());
        caller.create(container);
        caller.wait();
        EXPECT_EQ(content("log"), "prestart\ncreateRuntime\n");
        caller.started(container);
        EXPECT_THROW(caller.wait(), Error);
    }
    sys::wait_for(container);
    EXPECT_TRUE(sys::wait_for(host).ok());
    EXPECT_EQ(content("log"), "prestart\ncreateRuntime\npoststop\n");
    EXPECT_NE(content("create").find("\"status\":\"creating\",\"pid\":" + std::to_string(container)),
              std::string::npos);
    EXPECT_NE(content("end").find("\"status\":\"stopped\",\"bundle\""), std::string::npos);
}

}  // namespace
}  // namespace rpod::runtime
