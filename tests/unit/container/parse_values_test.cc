// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <gtest/gtest.h>

#include "container/capabilities.hh"
#include "container/message_of.hh"
#include "container/parse_env.hh"
#include "container/parse_limits.hh"
#include "container/parse_path.hh"
#include "container/parse_security.hh"

namespace rpod::container {
namespace {

using Names = std::vector<std::string>;

TEST(ParseUlimit, ReadsSoftAndHard) {
    EXPECT_EQ(parse_ulimit("nofile=1024:2048"), (Ulimit{"nofile", 1024, 2048}));
    EXPECT_EQ(parse_ulimit("RLIMIT_CORE=-1"), (Ulimit{"core", kUnlimited, kUnlimited}));
    EXPECT_EQ(parse_ulimit("nproc=5:-1"), (Ulimit{"nproc", 5, kUnlimited}));
    for (const char* bad : {"nofile", "nofile=", "nofile=1:", "nofile=2:1", "nofile=-1:1", "nofile=1:2:3",
                            "files=1", "nofile=-2", "nofile=99999999999999999999"}) {
        EXPECT_NE(message_of([&] { parse_ulimit(bad); }), "no error") << bad;
    }
}

TEST(ParseSysctl, TakesOnlyNamespacedOnesInPlainText) {
    EXPECT_EQ(parse_sysctl("net.ipv4.ip_forward=1"),
              std::pair(std::string("net.ipv4.ip_forward"), std::string("1")));
    EXPECT_EQ(parse_sysctl("kernel.sem=250 32000 100 128").second, "250 32000 100 128");
    // CVE-2022-0811: '+' joined two settings in the text that the next program split.
    for (const char* bad : {"kernel.shm_rmid_forced=1+kernel.core_pattern=|/x", "kernel.core_pattern=x",
                            "net..x=1", "net.ipv4/../../kernel=1", "net.x=", "net.x", "=1", "net.a b=1",
                            "vm.swappiness=1", "net.x=1\n2", "fs.mqueue.=1", "kernel.msgmaxx=1"}) {
        EXPECT_NE(message_of([&] { parse_sysctl(bad); }), "no error") << bad;
    }
}

TEST(CheckSysctls, RefusesThoseOfTheHost) {
    ContainerConfig c;
    c.sysctls = {{"net.ipv4.ip_forward", "1"}};
    EXPECT_EQ(message_of([&] { check_sysctls(c); }), "no error");
    c.network.networks = {"host"};
    EXPECT_EQ(message_of([&] { check_sysctls(c); }),
              "sysctl 'net.ipv4.ip_forward' cannot be set: the container uses the host's network namespace");
    c.sysctls = {{"kernel.msgmax", "1"}};
    c.ipc.mode = NamespaceMode::host;
    EXPECT_NE(message_of([&] { check_sysctls(c); }), "no error");
}

TEST(OwnsSysctl, IsFalseForNamespacesOfOthers) {
    ContainerConfig c;
    EXPECT_TRUE(owns_sysctl(c, "net.ipv4.ip_forward"));
    EXPECT_TRUE(owns_sysctl(c, "kernel.msgmax"));
    c.network.networks = {"container:other"};
    EXPECT_FALSE(owns_sysctl(c, "net.ipv4.ip_forward"));
    c.network.networks = {"none"};
    EXPECT_TRUE(owns_sysctl(c, "net.ipv4.ip_forward"));
    c.network.networks = {"host"};
    EXPECT_FALSE(owns_sysctl(c, "net.ipv4.ip_forward"));
    c.ipc.mode = NamespaceMode::shareable;
    EXPECT_TRUE(owns_sysctl(c, "kernel.msgmax"));
    EXPECT_ANY_THROW(owns_sysctl(c, "kernel.panic"));
}

TEST(ParseDevice, ReadsItsThreeForms) {
    EXPECT_EQ(parse_device("/dev/fuse"), (Device{"/dev/fuse", "/dev/fuse", "rwm"}));
    EXPECT_EQ(parse_device("/dev/fuse:rw"), (Device{"/dev/fuse", "/dev/fuse", "rw"}));
    EXPECT_EQ(parse_device("/dev/fuse:/dev/f:mrw"), (Device{"/dev/fuse", "/dev/f", "mrw"}));
    EXPECT_EQ(parse_device("/dev/../dev/fuse:/dev/f").host_path, "/dev/fuse");
    for (const char* bad : {"fuse", "/dev/a:/dev/b:x", "/dev/a:b", "/dev/a:/dev/b:r:w", "/dev/a:", "/dev/a:r",
                            "/dev/a:/b:wm", "nvidia.com/gpu=all", "/dev/a:/"}) {
        EXPECT_NE(message_of([&] { parse_device(bad); }), "no error") << bad;
    }
}

TEST(CheckUser, KeepsNumbersInRange) {
    for (const char* good : {"root", "0", "1000:1000", "www-data:staff", "2147483647", "a.b@c"}) {
        EXPECT_EQ(message_of([&] { check_user(good, "user"); }), "no error") << good;
    }
    // CVE-2024-40635: what did not fit became root.
    for (const char* bad : {"", ":", ":1", "1:", "2147483648", "4294967295", "4294967296", "-1",
                            "99999999999999:0", "0:-1", "+1", "a:b:c", "a b", "a\nb", "a/b"}) {
        EXPECT_NE(message_of([&] { check_user(bad, "user"); }), "no error") << bad;
    }
}

TEST(ParseUmask, IsOctal) {
    EXPECT_EQ(parse_umask("0022"), 022U);
    EXPECT_EQ(parse_umask("777"), 0777U);
    for (const char* bad : {"", "8", "1777", "-1", "0x1"}) {
        EXPECT_NE(message_of([&] { parse_umask(bad); }), "no error") << bad;
    }
}

TEST(ParseSignal, KnowsNamesAndNumbers) {
    EXPECT_EQ(parse_signal("TERM"), 15);
    EXPECT_EQ(parse_signal("sigint"), 2);
    EXPECT_EQ(parse_signal("9"), 9);
    EXPECT_EQ(parse_signal("SIGRTMIN+3"), 37);
    EXPECT_EQ(parse_signal("RTMAX-1"), 63);
    for (const char* bad : {"", "0", "65", "SIGFOO", "RTMIN+31", "RTMAX-", "-9"}) {
        EXPECT_NE(message_of([&] { parse_signal(bad); }), "no error") << bad;
    }
}

TEST(ParseAddHost, ChecksNameAndAddress) {
    EXPECT_EQ(parse_add_host("a;b.lan:10.0.0.1"), "a;b.lan:10.0.0.1");
    EXPECT_EQ(parse_add_host("a:[::1]"), "a:::1");
    EXPECT_EQ(parse_add_host("a:host-gateway"), "a:host-gateway");
    for (const char* bad : {"a", ":1.2.3.4", "a b:1.2.3.4", "a:1.2.3", "a:x", "a\n:1.2.3.4", "a;:1.2.3.4"}) {
        EXPECT_NE(message_of([&] { parse_add_host(bad); }), "no error") << bad;
    }
}

TEST(Capabilities, AreAddedAndDropped) {
    EXPECT_EQ(parse_capability("net_admin"), "CAP_NET_ADMIN");
    EXPECT_EQ(parse_capability("cap_chown"), "CAP_CHOWN");
    EXPECT_EQ(parse_capability("all"), "ALL");
    EXPECT_EQ(message_of([] { parse_capability("foo"); }), "unknown capability: 'foo'");
    EXPECT_EQ(default_capabilities().size(), 11U);
    const Names all{"CAP_AUDIT_READ", "CAP_CHOWN", "CAP_SYS_ADMIN"};
    EXPECT_EQ(adjust_capabilities(default_capabilities(), {"CAP_SYS_ADMIN"}, {"ALL"}, all),
              (Names{"CAP_SYS_ADMIN"}));
    EXPECT_EQ(adjust_capabilities(default_capabilities(), {"ALL"}, {"CAP_CHOWN"}, all),
              (Names{"CAP_AUDIT_READ", "CAP_SYS_ADMIN"}));
    EXPECT_NE(message_of([] { check_capability_changes({"CAP_KILL"}, {"CAP_KILL"}); }), "no error");
    EXPECT_NE(message_of([] { check_capability_changes({"ALL"}, {"ALL"}); }), "no error");
}

TEST(SecurityOption, ReadsEach) {
    SecurityConfig s;
    for (const char* text : {"no-new-privileges", "seccomp=p.json", "mask=/a:/b/../c", "unmask=/proc/*",
                             "label=disable", "apparmor=unconfined", "proc-opts=hidepid=2,subset=pid"}) {
        take_security_option(s, text, "/cwd");
    }
    EXPECT_TRUE(s.no_new_privileges);
    EXPECT_EQ(s.seccomp, (SeccompChoice{SeccompChoice::Mode::file, "/cwd/p.json"}));
    EXPECT_EQ(s.mask, (Names{"/a", "/c"}));
    EXPECT_EQ(s.unmask, (Names{"/proc/*"}));
    EXPECT_EQ(s.proc_options, "hidepid=2,subset=pid");
    take_security_option(s, "seccomp:unconfined", "/cwd");
    EXPECT_EQ(s.seccomp.mode, SeccompChoice::Mode::unconfined);
    take_security_option(s, "no-new-privileges:false", "/cwd");
    EXPECT_FALSE(s.no_new_privileges);
    for (const char* bad : {"", "foo=bar", "seccomp=", "mask=a", "label=foo", "apparmor=mine",
                            "proc-opts=suid", "no-new-privileges=yes", "systempaths=x", "label=type:"}) {
        EXPECT_NE(message_of([&] { take_security_option(s, bad, "/"); }), "no error") << bad;
    }
}

TEST(Env, TakesValuesFromTheHost) {
    const HostEnv host{{"A", "1"}, {"AB", "2"}, {"http_proxy", "p"}, {"NO_PROXY", "n"}, {"Http_Proxy", "x"}};
    std::vector<EnvVar> env;
    take_env(env, "X=y=z", host);
    take_env(env, "A", host);
    take_env(env, "MISSING", host);
    take_env(env, "X=", host);
    EXPECT_EQ(env, (std::vector<EnvVar>{{"X", ""}, {"A", "1"}}));
    env.clear();
    take_env(env, "A*", host);
    EXPECT_EQ(env, (std::vector<EnvVar>{{"A", "1"}, {"AB", "2"}}));
    EXPECT_EQ(proxy_env(host), (std::vector<EnvVar>{{"http_proxy", "p"}, {"NO_PROXY", "n"}}));
    EXPECT_EQ(message_of([&] { take_env(env, "=x", host); }), "env: '=x' has no name");
    EXPECT_EQ(message_of([&] { take_env(env, "a b=x", host); }), "env: the name 'a b' has blanks");
}

TEST(EnvFile, IsReadLineByLine) {
    std::vector<EnvVar> env;
    take_env_file(env, "# comment\n\n  A=1 \r\nQ=\"x\"\nHOME\n", {{"HOME", "/h"}}, "f");
    EXPECT_EQ(env, (std::vector<EnvVar>{{"A", "1 "}, {"Q", "\"x\""}, {"HOME", "/h"}}));
    EXPECT_EQ(message_of([&] { take_env_file(env, "A=1\n=2\n", {}, "f"); }), "f:2: env: '=2' has no name");
    std::map<std::string, std::string> labels;
    take_label_file(labels, "a=b=c\n#x\nd", "f");
    EXPECT_EQ(labels, (std::map<std::string, std::string>{{"a", "b=c"}, {"d", ""}}));
}

TEST(CleanPath, GoesByTheText) {
    EXPECT_EQ(clean_path("/"), "/");
    EXPECT_EQ(clean_path("//a/./b/../c/"), "/a/c");
    EXPECT_EQ(clean_path("/../.."), "/");
}

}  // namespace
}  // namespace rpod::container
