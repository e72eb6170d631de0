// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/user_lookup.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::runtime {
namespace {

constexpr const char* kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "toor:x:0:0::/toor:/bin/sh\n"
    "postgres:x:26:27:PostgreSQL:/var/lib/postgresql:/bin/bash\n"
    "1000:x:5000:5000:a name of digits:/home/digits:\n"
    "nohome:x:7:7\n"
    "relative:x:8:8::home:\n"
    "huge:x:99999999999:0::/root:\n"
    "minus:x:-1:0::/root:\n"
    "wraps:x:4294967296:0::/root:\n"
    "nogid:x:9::/root:\n"
    "+nis::0:0:::\n"
    ":x:10:10::/:\n";
constexpr const char* kGroup =
    "root:x:0:\n"
    "wheel:x:10:root,postgres\n"
    "video:x:44:postgres\n"
    "video:x:45:toor\n"
    "ssl:x:110:postgres,\n"
    "again:x:44:postgres\n"
    "almost:x:111:postgres2,apostgres, postgres\n"
    "broken:x:abc:postgres\n"
    "huge:x:4294967295:postgres\n";

ContainerUser resolve(const std::string& text, std::vector<std::string> groups = {}) {
    return resolve_user(oci::User{.name = text, .group_names = std::move(groups)}, kPasswd, kGroup);
}

std::string problem_of(const std::function<void()>& fn) {
    try {
        fn();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}
std::string problem_of(const std::string& text) {
    return problem_of([&] { resolve(text); });
}

using Gids = std::vector<uint32_t>;

TEST(UserLookup, NameBringsItsGroups) {
    const auto user = resolve("postgres");
    EXPECT_EQ(user.uid, 26u);
    EXPECT_EQ(user.gid, 27u);
    EXPECT_EQ(user.groups, (Gids{10, 44, 110}));
    EXPECT_EQ(user.name, "postgres");
    EXPECT_EQ(user.home, "/var/lib/postgresql");
    EXPECT_EQ(user.shell, "/bin/bash");
}

TEST(UserLookup, ExplicitGroupReplacesThem) {
    EXPECT_EQ(resolve("postgres:video").gid, 44u);
    EXPECT_EQ(resolve("postgres:video").groups, Gids{});
    EXPECT_EQ(resolve("postgres:7").gid, 7u);
    EXPECT_EQ(resolve(":wheel").uid, 0u);
    EXPECT_EQ(resolve(":wheel").gid, 10u);
    EXPECT_EQ(resolve("postgres:").groups.size(), 3u);
}

TEST(UserLookup, NumberWithAndWithoutEntry) {
    EXPECT_EQ(resolve("26").gid, 27u);
    EXPECT_EQ(resolve("26").groups.size(), 3u);
    const auto stranger = resolve("4711");
    EXPECT_EQ(stranger.uid, 4711u);
    EXPECT_EQ(stranger.gid, 0u);
    EXPECT_EQ(stranger.home, "/");
    EXPECT_EQ(stranger.name, "");
    // A number is a number, whatever the entries are called.
    EXPECT_EQ(resolve("1000").uid, 1000u);
    EXPECT_EQ(resolve("2147483647:2147483647").gid, 2147483647u);
}

TEST(UserLookup, NothingIsRoot) {
    const auto user = resolve("");
    EXPECT_EQ(user.uid, 0u);
    EXPECT_EQ(user.groups, Gids{10});
    EXPECT_EQ(user.home, "/root");
    EXPECT_EQ(resolve_user(oci::User{.name = ""}, "", "").uid, 0u);
}

TEST(UserLookup, NameThatSharesItsUid) {
    const auto user = resolve("toor");
    EXPECT_EQ(user.name, "toor");
    EXPECT_EQ(user.home, "/toor");
    EXPECT_EQ(user.groups, Gids{45});
    EXPECT_EQ(resolve("0").name, "root");
}

TEST(UserLookup, WithoutATextTheNumbersStand) {
    const auto user = resolve_user(
        oci::User{.uid = 26, .gid = 3, .additional_gids = {5, 5, 6}, .group_names = {"video", "6", "12"}},
        kPasswd, kGroup);
    EXPECT_EQ(user.gid, 3u);
    EXPECT_EQ(user.groups, (Gids{5, 6, 44, 12}));
    EXPECT_EQ(user.home, "/var/lib/postgresql");
}

TEST(UserLookup, HomeIsAbsolute) {
    EXPECT_EQ(resolve("nohome").home, "/");
    EXPECT_EQ(resolve("relative").home, "/");
}

TEST(UserLookup, SaysWhatIsNotThere) {
    EXPECT_EQ(problem_of("nobody"), "user 'nobody': not in the container's /etc/passwd");
    EXPECT_EQ(problem_of("postgres:kvm"), "group 'kvm': not in the container's /etc/group");
    EXPECT_EQ(problem_of([] { resolve("0", {"kvm"}); }), "group 'kvm': not in the container's /etc/group");
    EXPECT_EQ(problem_of("a\x1b[2Jb"), "user 'a\\x1b[2Jb': not in the container's /etc/passwd");
    EXPECT_EQ(problem_of([] { resolve_user(oci::User{.name = "root"}, "", ""); }),
              "user 'root': not in the container's /etc/passwd");
}

// CVE-2024-40635: numbers that become root, or someone else, when they are cut to 32 bits.
TEST(UserLookup, RefusesNumbersThatAreNoIds) {
    for (const char* text : {"2147483648", "4294967295", "4294967296", "-1", "-0", "+0", "99999999999",
                             "99999999999999999999999999999999"}) {
        EXPECT_NE(problem_of(text).find("not a number from 0 to 2147483647"), std::string::npos) << text;
        EXPECT_NE(problem_of(std::string("0:") + text).find("not a number from 0 to 2147483647"),
                  std::string::npos);
        EXPECT_THROW(resolve("0", {text}), Error) << text;
    }
    EXPECT_NE(problem_of("99999999999:0"), "no error");
    EXPECT_EQ(problem_of("-1"), "user '-1': not a number from 0 to 2147483647");
    // Names that start so are names, and not there.
    for (const char* text : {"0x0", "0 ", " 0", "1e3", "00x", "0.0", "0:0:0"}) {
        EXPECT_NE(problem_of(text).find("not in the container's"), std::string::npos) << text;
    }
}

TEST(UserLookup, EntriesWithNumbersThatAreNoIdsAreNotThere) {
    for (const char* name : {"huge", "minus", "wraps", "nogid", "+nis"}) {
        EXPECT_NE(problem_of(name).find("not in the container's /etc/passwd"), std::string::npos) << name;
    }
    EXPECT_NE(problem_of("0:broken").find("not in the container's /etc/group"), std::string::npos);
    EXPECT_NE(problem_of("0:huge").find("not in the container's /etc/group"), std::string::npos);
}

TEST(UserLookup, StrangeTexts) {
    const std::string nul("ev\0il:x:0:0::/:\n", 16);
    EXPECT_THROW(resolve_user(oci::User{.name = "ev"}, nul, ""), Error);
    EXPECT_THROW(resolve_user(oci::User{.name = "evil"}, nul, ""), Error);
    const std::string last = "a:x:5:6:::";  // no newline at the end
    EXPECT_EQ(resolve_user(oci::User{.name = "a"}, last, "").uid, 5u);
    EXPECT_EQ(resolve_user(oci::User{.name = "a"}, "\n\n:::\n" + last, "").gid, 6u);
    EXPECT_EQ(resolve_user(oci::User{.name = "a"}, std::string(1 << 20, 'x') + "\n" + last, "").uid, 5u);
}

class RootFs : public testing::Test {
  protected:
    RootFs() {
        char path[] = "/tmp/rpod-user-test-XXXXXX";
        top_ = ::mkdtemp(path);
        sys::make_dirs(top_ / "root/etc", 0755);
    }
    ~RootFs() override {
        const auto parent = sys::open_file("/tmp", O_RDONLY | O_DIRECTORY);
        sys::remove_tree_at(parent.get(), top_.filename().string());
    }
    ContainerUser resolve(const std::string& text) {
        return resolve_user(oci::User{.name = text}, sys::RootedDir::open((top_ / "root").string()));
    }
    std::filesystem::path top_;
};

TEST_F(RootFs, ReadsTheContainersFiles) {
    sys::replace_file(top_ / "root/etc/passwd", kPasswd);
    sys::replace_file(top_ / "root/etc/group", kGroup);
    EXPECT_EQ(resolve("postgres").groups.size(), 3u);
}

TEST_F(RootFs, NumbersNeedNoFiles) {
    EXPECT_EQ(resolve("12:13").gid, 13u);
    EXPECT_THROW(resolve("root"), Error);
}

// CVE-2024-9676
TEST_F(RootFs, LinksStayInsideTheRoot) {
    sys::replace_file(top_ / "passwd", "outside:x:5:5::/:\n");
    for (const auto& target :
         {std::string("../../passwd"), (top_ / "passwd").string(), std::string("/etc/passwd")}) {
        ASSERT_EQ(::symlink(target.c_str(), (top_ / "root/etc/passwd").c_str()), 0);
        EXPECT_THROW(resolve("outside"), Error) << target;
        EXPECT_THROW(resolve("root"), Error) << target;
        ::unlink((top_ / "root/etc/passwd").c_str());
    }
}

TEST_F(RootFs, FifoIsNotWaitedFor) {
    ASSERT_EQ(::mkfifo((top_ / "root/etc/passwd").c_str(), 0644), 0);
    ASSERT_EQ(::mkdir((top_ / "root/etc/group").c_str(), 0755), 0);
    EXPECT_THROW(resolve("root"), Error);
    EXPECT_EQ(resolve("0:5").gid, 5u);
}

TEST_F(RootFs, EndlessFileIsRefused) {
    const auto path = top_ / "root/etc/passwd";
    sys::replace_file(path, "root:x:0:0::/:\n");
    ASSERT_EQ(::truncate(path.c_str(), 1 << 30), 0);
    EXPECT_THROW(resolve("root"), Error);
}

}  // namespace
}  // namespace rpod::runtime
