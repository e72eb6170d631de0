// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/seccomp_filter.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "base/error.hh"
#include "runtime/seccomp_profile.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::runtime {
namespace {

SeccompFilter default_filter(sys::CapSet bounding, int cache = -1) {
    return compile_seccomp_profile(default_seccomp_profile(), "default profile", bounding, cache);
}

/// Exit code of fn in a child under the filter.
int under(const SeccompFilter& filter, const std::function<int()>& fn) {
    return sys::wait_for(sys::fork_child("test",
                                         [&] {
                                             ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                                             sys::load_seccomp(filter.program, filter.flags);
                                             errno = 0;
                                             return fn();
                                         }))
        .shell_code();
}

std::string problem_of(const oci::Seccomp& seccomp) {
    try {
        compile_seccomp(seccomp);
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

oci::Seccomp allow_but(std::string name, std::string action, std::optional<uint32_t> errno_ret = std::nullopt,
                       std::vector<oci::SeccompArg> args = {}) {
    return {.default_action = "SCMP_ACT_ALLOW",
            .syscalls = {{.names = {std::move(name)},
                          .action = std::move(action),
                          .errno_ret = errno_ret,
                          .args = std::move(args)}}};
}

TEST(SeccompFilter, DefaultRefusesWhatTheCapabilitiesDoNotCover) {
    const auto filter = default_filter(0);
    EXPECT_EQ(under(filter, [] { return ::chroot("/") == -1 && errno == EPERM ? 0 : 1; }), 0);
    EXPECT_EQ(under(filter, [] { return ::acct("/nowhere") == -1 && errno == EPERM ? 0 : 1; }), 0);
    // No rule: the default, ENOSYS.
    EXPECT_EQ(under(filter, [] { return ::personality(ADDR_NO_RANDOMIZE) == -1 && errno == ENOSYS ? 0 : 1; }),
              0);
    EXPECT_EQ(
        under(filter,
              [] { return ::socket(AF_NETLINK, SOCK_RAW, NETLINK_AUDIT) == -1 && errno == EINVAL ? 0 : 1; }),
        0);
}

TEST(SeccompFilter, DefaultAllowsWhatTheyCover) {
    const auto filter = default_filter(sys::capability_set({"CAP_SYS_CHROOT", "CAP_SYS_PACCT"}));
    EXPECT_EQ(under(filter, [] { return ::chroot("/nowhere") == -1 && errno != ENOSYS ? 0 : 1; }), 0);
    EXPECT_EQ(under(filter, [] { return ::acct("/nowhere/x") == -1 && errno != ENOSYS ? 0 : 1; }), 0);
}

TEST(SeccompFilter, DefaultAllowsWhatFollowsInInit) {
    EXPECT_EQ(under(default_filter(0),
                    [] {
                        const auto caps = sys::current_capabilities();
                        sys::limit_bounding(caps.bounding);
                        sys::set_capabilities(caps);
                        if (::setresuid(::getuid(), ::getuid(), ::getuid()) != 0) return 1;
                        if (::personality(0xffffffff) < 0) return 2;
                        ::execl("/bin/true", "true", nullptr);
                        return 3;
                    }),
              0);
}

TEST(SeccompFilter, ActionsDoWhatTheySay) {
    const auto run = [](const oci::Seccomp& s) {
        return under(compile_seccomp(s), [] { return ::chdir("/") == 0 ? 0 : errno; });
    };
    EXPECT_EQ(run(allow_but("chdir", "SCMP_ACT_ERRNO")), EPERM);
    EXPECT_EQ(run(allow_but("chdir", "SCMP_ACT_ERRNO", 71)), 71);
    EXPECT_EQ(run(allow_but("chdir", "SCMP_ACT_KILL_PROCESS")), 128 + SIGSYS);
    EXPECT_EQ(run(allow_but("chdir", "SCMP_ACT_LOG")), 0);
    EXPECT_EQ(run(allow_but("no_such_call", "SCMP_ACT_KILL")), 0);
    // Without a tracer.
    EXPECT_EQ(run(allow_but("chdir", "SCMP_ACT_TRACE")), ENOSYS);
}

TEST(SeccompFilter, ArgumentsAreAllOfOrAlternatives) {
    const oci::SeccompArg first{.index = 0, .value = PER_LINUX32, .op = "SCMP_CMP_EQ"};
    const oci::SeccompArg second{.index = 0, .value = ADDR_NO_RANDOMIZE, .op = "SCMP_CMP_EQ"};
    const auto either = compile_seccomp(allow_but("personality", "SCMP_ACT_ERRNO", 71, {first, second}));
    EXPECT_EQ(under(either,
                    [] {
                        if (::personality(PER_LINUX32) != -1 || errno != 71) return 1;
                        if (::personality(ADDR_NO_RANDOMIZE) != -1 || errno != 71) return 2;
                        return ::personality(0xffffffff) >= 0 ? 0 : 3;
                    }),
              0);
    const oci::SeccompArg type{.index = 1, .value = SOCK_DGRAM, .op = "SCMP_CMP_EQ"};
    const oci::SeccompArg family{.index = 0, .value = 0xff, .value_two = AF_UNIX, .op = "SCMP_CMP_MASKED_EQ"};
    const auto both = compile_seccomp(allow_but("socket", "SCMP_ACT_ERRNO", 71, {type, family}));
    EXPECT_EQ(under(both,
                    [] {
                        if (::socket(AF_UNIX, SOCK_DGRAM, 0) != -1 || errno != 71) return 1;
                        return ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 2;
                    }),
              0);
}

TEST(SeccompFilter, FlagsArePassedOn) {
    auto seccomp = allow_but("chdir", "SCMP_ACT_LOG");
    seccomp.flags = {"SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"};
    const auto filter = compile_seccomp(seccomp);
    EXPECT_EQ(filter.flags, unsigned{SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW});
    EXPECT_EQ(under(filter, [] { return 0; }), 0);
}

TEST(SeccompFilter, RefusesByName) {
    EXPECT_EQ(problem_of(allow_but("chdir", "SCMP_ACT_NOTIFY")),
              "seccomp: syscalls[0]: SCMP_ACT_NOTIFY is not supported");
    EXPECT_EQ(problem_of(allow_but("chdir", "SCMP_ACT_FLY")),
              "seccomp: syscalls[0]: there is no action 'SCMP_ACT_FLY'");
    EXPECT_EQ(problem_of(allow_but("chdir", "SCMP_ACT_TRAP", 1)),
              "seccomp: syscalls[0]: SCMP_ACT_TRAP takes no errno");
    EXPECT_EQ(problem_of(allow_but("chdir", "SCMP_ACT_ERRNO", 4096)),
              "seccomp: syscalls[0]: 4096 is too large for SCMP_ACT_ERRNO");
    EXPECT_EQ(problem_of(allow_but("chdir", "SCMP_ACT_ERRNO", 1, {{.index = 0, .op = "SCMP_CMP_ABOUT"}})),
              "seccomp: syscalls[0]: there is no operator 'SCMP_CMP_ABOUT'");
    EXPECT_EQ(problem_of({.default_action = "ALLOW"}), "seccomp: defaultAction: there is no action 'ALLOW'");
    EXPECT_EQ(problem_of({.default_action = "SCMP_ACT_ALLOW", .flags = {"SECCOMP_FILTER_FLAG_NEW_LISTENER"}}),
              "seccomp: the flag 'SECCOMP_FILTER_FLAG_NEW_LISTENER' is not supported");
    EXPECT_EQ(problem_of({.default_action = "SCMP_ACT_ALLOW", .architectures = {"SCMP_ARCH_PDP11"}}),
              "seccomp: there is no architecture 'pdp11'");
    EXPECT_EQ(problem_of({.default_action = "SCMP_ACT_ALLOW", .listener_path = "/run/x"}),
              "seccomp: listenerPath is not supported");
}

class SeccompCache : public testing::Test {
  protected:
    SeccompCache() {
        char path[] = "/tmp/rpod-seccomp-test-XXXXXX";
        path_ = ::mkdtemp(path);
        dir_ = sys::open_file(path_, O_RDONLY | O_DIRECTORY);
    }
    ~SeccompCache() override {
        const auto parent = sys::open_file("/tmp", O_RDONLY | O_DIRECTORY);
        sys::remove_tree_at(parent.get(), path_.filename().string());
    }
    std::filesystem::path only_file() const {
        const auto names = sys::list_dir(dir_.get());
        EXPECT_EQ(names.size(), 1u);
        return path_ / names.at(0);
    }
    SeccompFilter filter(sys::CapSet bounding = 0) { return default_filter(bounding, dir_.get()); }
    static bool same(const SeccompFilter& a, const SeccompFilter& b) {
        return a.flags == b.flags && a.program.size() == b.program.size() &&
               std::memcmp(a.program.data(), b.program.data(), a.program.size() * sizeof(sock_filter)) == 0;
    }
    std::filesystem::path path_;
    sys::Fd dir_;
};

TEST_F(SeccompCache, GivesWhatWasCompiled) {
    const auto fresh = default_filter(0), first = filter(), second = filter();
    EXPECT_TRUE(same(fresh, first));
    EXPECT_TRUE(same(fresh, second));
    only_file();
    EXPECT_EQ(under(second, [] { return ::chroot("/") == -1 && errno == EPERM ? 0 : 1; }), 0);
}

TEST_F(SeccompCache, TellsCapabilitiesAndProfilesApart) {
    const auto without = filter(), with = filter(sys::cap_bit(18));
    EXPECT_FALSE(same(without, with));
    EXPECT_TRUE(same(with, filter(sys::cap_bit(18))));
    const auto other =
        compile_seccomp_profile(std::string(default_seccomp_profile()) + " ", "x", 0, dir_.get());
    EXPECT_TRUE(same(other, without));
    EXPECT_EQ(sys::list_dir(dir_.get()).size(), 3u);
}

TEST_F(SeccompCache, DamageIsSeen) {
    const auto small = [&] {
        return compile_seccomp_profile(
            R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"chdir","action":"SCMP_ACT_ERRNO"}]})",
            "p.json", 0, dir_.get());
    };
    const auto good = small();
    const auto file = only_file();
    const auto text = sys::read_file(file);
    for (size_t at = 0; at < text.size(); ++at) {
        auto damaged = text;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
        sys::replace_file(file, damaged);
        ASSERT_TRUE(same(small(), good)) << at;
        ASSERT_EQ(sys::read_file(file), text) << at;
    }
    for (const size_t size : {size_t{0}, size_t{31}, size_t{32}, text.size() - 1}) {
        sys::replace_file(file, text.substr(0, size));
        EXPECT_TRUE(same(small(), good));
    }
    sys::replace_file(file, text + "x");
    EXPECT_TRUE(same(small(), good));
    EXPECT_EQ(sys::read_file(only_file()), text);
}

TEST_F(SeccompCache, WorksWithoutAWritableDirectory) {
    const auto null = sys::open_file("/dev/null", O_RDONLY);
    EXPECT_TRUE(same(default_filter(0, null.get()), default_filter(0)));
}

TEST_F(SeccompCache, DoesNotGrowWithoutBound) {
    for (int n = 0; n < 100; ++n) {
        compile_seccomp_profile(R"({"defaultAction":"SCMP_ACT_ALLOW"})", "p.json",
                                static_cast<sys::CapSet>(n), dir_.get());
        EXPECT_LE(sys::list_dir(dir_.get()).size(), 64u);
    }
}

TEST_F(SeccompCache, ErrorsAreNotKept) {
    for (int i = 0; i < 2; ++i) {
        EXPECT_THROW(compile_seccomp_profile(R"({"defaultAction":"FLY"})", "p.json", 0, dir_.get()), Error);
    }
    EXPECT_TRUE(sys::list_dir(dir_.get()).empty());
}

}  // namespace
}  // namespace rpod::runtime
