// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/spec.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "container/message_of.hh"
#include "container/parse_mount.hh"
#include "container/parse_namespace.hh"

namespace rpod::container {
namespace {

HostFacts facts_of_host() {
    HostFacts f;
    f.rootfs = "/run/rpod/4f/merged";
    f.hostname = "laptop";
    f.caller_uid = 1000;
    f.caller_gid = 1001;
    f.capabilities = {"CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_ADMIN"};
    f.nofile_limit = 20000;
    f.nproc_limit = UINT64_MAX;
    f.hosts_file = "/run/rpod/4f/hosts";
    f.resolv_conf_file = "/run/rpod/4f/resolv.conf";
    f.hostname_file = "/run/rpod/4f/hostname";
    f.containerenv_file = "/run/rpod/4f/containerenv";
    f.devices = {"/dev/fuse", "/dev/kvm"};
    f.uid_map = f.gid_map = {{0, 0, 1}, {1, 1, 65536}};
    return f;
}

ContainerConfig plain_config() {
    ContainerConfig c;
    c.id = "4f2c90fabe21d7c1";
    c.name = "web";
    c.image = "bb:1";
    c.command = {"sh", "-c", "true"};
    c.ipc.mode = NamespaceMode::shareable;
    return c;
}

oci::RunConfig image_of_app() {
    oci::RunConfig i;
    i.user = "app:staff";
    i.env = {"PATH=/opt/bin:/bin", "NOVALUE", "LANG=C.UTF-8", "=x"};
    i.entrypoint = {"/entry", "--flag"};
    i.cmd = {"serve"};
    i.volumes = {"/data", "cache/", "/tmp"};
    i.working_dir = "srv/app/";
    i.stop_signal = "SIGQUIT";
    return i;
}

/// The spec as text equals tests/data/container/NAME.json; RPOD_TEST_ACCEPT=1 writes it.
void expect_golden(const std::string& name, const oci::RuntimeSpec& spec) {
    const std::string path = RPOD_TEST_DATA "/container/" + name + ".json";
    const std::string text = spec.to_json(1) + "\n";
    if (std::getenv("RPOD_TEST_ACCEPT")) {
        std::ofstream(path) << text;
        return;
    }
    std::ifstream file(path);
    std::ostringstream expected;
    expected << file.rdbuf();
    EXPECT_EQ(text, expected.str()) << path;
}

TEST(MakeSpec, OfAPlainContainer) {
    expect_golden("plain", make_spec(plain_config(), nullptr, facts_of_host()));
}

TEST(MakeSpec, TakesFromTheImage) {
    auto c = plain_config();
    c.command.clear();
    c.tty = true;
    c.host_env = {{"http_proxy", "http://p"}, {"LANG", "de"}};
    c.env = {{"A", "1"}, {"TERM", "linux"}};
    c.group_add = {"video"};
    c.mounts = {parse_tmpfs("/tmp:size=1m,mode=700,noexec")};
    auto f = facts_of_host();
    f.volumes = {{"/data", "/store/volumes/a/_data"}, {"/cache", "/store/volumes/b/_data"}};
    const auto image = image_of_app();
    expect_golden("image", make_spec(c, &image, f));
}

TEST(MakeSpec, MountsWhatWasAskedFor) {
    auto c = plain_config();
    c.read_only = true;
    c.shm_size_bytes = 1 << 20;
    c.tz = "Europe/Berlin";
    c.no_hostname = true;
    for (const char* text :
         {"/srv:/run/deep/srv:ro,rslave", "/etc/hosts:/etc/hosts", "data:/data:noexec,U"}) {
        c.mounts.push_back(parse_volume(text, "/"));
    }
    c.mounts.push_back(parse_mount("type=devpts,dst=/dev/pts,mode=600", "/"));
    c.devices = {{"/dev/fuse", "/dev/fuse", "rwm"}};
    auto f = facts_of_host();
    f.volumes = {{"/data", "/store/volumes/data/_data"}};
    expect_golden("mounts", make_spec(c, nullptr, f));
}

TEST(MakeSpec, SharesTheHostsNamespaces) {
    auto c = plain_config();
    c.pid.mode = c.ipc.mode = c.uts.mode = c.cgroupns.mode = NamespaceMode::host;
    c.network.networks = {"host"};
    expect_golden("host_namespaces", make_spec(c, nullptr, facts_of_host()));
}

TEST(MakeSpec, JoinsAnotherContainer) {
    auto c = plain_config();
    c.pid = c.ipc = {NamespaceMode::container, "db"};
    c.uts = {NamespaceMode::path, "/run/ns/uts"};
    c.network.networks = {"container:db"};
    auto f = facts_of_host();
    EXPECT_EQ(message_of([&] { make_spec(c, nullptr, f); }),
              "the pid namespace of container 'db' is not known");
    f.namespaces = {{oci::NamespaceType::pid, "/proc/7/ns/pid"},
                    {oci::NamespaceType::ipc, "/proc/7/ns/ipc"},
                    {oci::NamespaceType::network, "/proc/7/ns/net"}};
    f.shared_shm = "/proc/7/root/dev/shm";
    expect_golden("join", make_spec(c, nullptr, f));
}

TEST(MakeSpec, OfAPrivilegedContainer) {
    auto c = plain_config();
    c.security.privileged = true;
    expect_golden("privileged", make_spec(c, nullptr, facts_of_host()));
}

TEST(MakeSpec, SetsRightsAndLimits) {
    auto c = plain_config();
    c.user = "1000";
    c.security.cap_add = {"CAP_NET_ADMIN"};
    c.security.cap_drop = {"CAP_CHOWN"};
    c.security.seccomp = {SeccompChoice::Mode::file, "/p.json"};
    c.security.no_new_privileges = true;
    c.security.mask = {"/secret"};
    c.security.unmask = {"/proc/s*", "/sys/firmware"};
    c.security.proc_options = "hidepid=2";
    c.ulimits = {{"nofile", 10, 20}, {"core", kUnlimited, kUnlimited}};
    c.sysctls = {{"net.ipv4.ip_forward", "1"}};
    c.umask = 077;
    c.oom_score_adj = 100;
    c.annotations = {{"a", "b"}};
    c.stop_signal = "INT";
    expect_golden("rights", make_spec(c, nullptr, facts_of_host()));
}

std::vector<std::string> args_of(const ContainerConfig& c, const oci::RunConfig* image) {
    return make_spec(c, image, facts_of_host()).process.args;
}

TEST(Args, FollowTheEntrypoint) {
    using Args = std::vector<std::string>;
    auto image = image_of_app();
    image.volumes.clear();
    auto c = plain_config();
    EXPECT_EQ(args_of(c, &image), (Args{"/entry", "--flag", "sh", "-c", "true"}));
    c.command.clear();
    EXPECT_EQ(args_of(c, &image), (Args{"/entry", "--flag", "serve"}));
    // An entrypoint of one's own drops the image's command.
    c.entrypoint = Args{"/bin/ls"};
    EXPECT_EQ(args_of(c, &image), (Args{"/bin/ls"}));
    c.entrypoint = Args{};
    EXPECT_EQ(message_of([&] { args_of(c, &image); }),
              "no command or entrypoint provided, and no CMD or ENTRYPOINT from image");
    c.command = {"id"};
    EXPECT_EQ(args_of(c, &image), (Args{"id"}));
    image.entrypoint = {""};
    c.entrypoint.reset();
    EXPECT_EQ(args_of(c, &image), (Args{"id"}));
}

TEST(User, ComesFromTheFlagThenTheCallerThenTheImage) {
    auto image = image_of_app();
    image.volumes.clear();
    auto c = plain_config();
    const auto user = [&] { return make_spec(c, &image, facts_of_host()).process.user.name; };
    EXPECT_EQ(user(), "app:staff");
    c.userns = parse_userns("keep-id");
    EXPECT_EQ(user(), "1000:1001");
    c.userns = parse_userns("keep-id:uid=5,gid=6");
    EXPECT_EQ(user(), "5:6");
    c.user = "root";
    EXPECT_EQ(user(), "root");
    c = plain_config();
    image.user = "4294967295";
    EXPECT_EQ(message_of([&] { user(); }), "image: user '4294967295': a number is at most 2147483647");
}

TEST(Env, CanBeUnset) {
    auto image = image_of_app();
    image.volumes.clear();
    auto c = plain_config();
    c.unset_env = {"LANG"};
    const auto env = [&] { return make_spec(c, &image, facts_of_host()).process.env; };
    using Env = std::vector<std::string>;
    EXPECT_EQ(env(), (Env{"PATH=/opt/bin:/bin", "container=podman", "HOSTNAME=4f2c90fabe21"}));
    c.unset_env_all = true;
    c.env = {{"A", ""}, {"HOSTNAME", "x"}};
    EXPECT_EQ(env(), (Env{"A=", "HOSTNAME=x"}));
}

TEST(Mounts, CannotCoverProc) {
    auto c = plain_config();
    for (const char* bad : {"/a:/proc", "/a:/proc/self/attr", "/a:/proc/sys/kernel"}) {
        c.mounts = {parse_volume(bad, "/")};
        EXPECT_NE(message_of([&] { make_spec(c, nullptr, facts_of_host()); }), "no error") << bad;
    }
    c.mounts = {parse_volume("/a:/proc/uptime", "/")};
    EXPECT_EQ(message_of([&] { make_spec(c, nullptr, facts_of_host()); }), "no error");
}

TEST(ImageVolumes, ArePlacedWithCare) {
    auto image = image_of_app();
    auto c = plain_config();
    c.image_volumes = ImageVolumes::ignore;
    EXPECT_TRUE(effective_mounts(c, &image).empty());
    c.image_volumes = ImageVolumes::tmpfs;
    EXPECT_EQ(effective_mounts(c, &image).at(0), (Mount{TmpfsMount{.destination = "/data"}}));
    // CVE-2022-23648, CVE-2019-16884
    image.volumes = {"/../../etc/x"};
    EXPECT_EQ(destination_of(effective_mounts(c, &image).at(0)), "/etc/x");
    for (const char* bad : {"/proc", "/proc/self", "/sys/../proc", "/dev/shm", "/", ".."}) {
        image.volumes = {bad};
        EXPECT_NE(message_of([&] { effective_mounts(c, &image); }), "no error") << bad;
    }
}

TEST(Dev, OfTheUsersOwnKeepsOursOut) {
    auto c = plain_config();
    c.mounts = {parse_volume("/dev:/dev:rslave", "/")};
    for (const auto& m : make_spec(c, nullptr, facts_of_host()).mounts) {
        EXPECT_FALSE(m.destination.starts_with("/dev/")) << m.destination;
    }
}

TEST(Devpts, GetsItsGroupOnlyWhereItIsMapped) {
    auto f = facts_of_host();
    f.uid_map = f.gid_map = {{0, 0, 5}, {6, 6, 10}};
    const auto text = make_spec(plain_config(), nullptr, f).to_json();
    EXPECT_EQ(text.find("gid=5"), std::string::npos);
}

TEST(Selinux, MakesLabelsAnError) {
    auto c = plain_config();
    auto f = facts_of_host();
    c.mounts = {parse_volume("/a:/b:z", "/")};
    EXPECT_EQ(message_of([&] { make_spec(c, nullptr, f); }), "no error");
    f.selinux = true;
    EXPECT_EQ(message_of([&] { make_spec(c, nullptr, f); }),
              "mount on '/b': SELinux relabelling (z, Z) is not supported yet");
}

TEST(Hostname, IsTheHostsOnItsNetwork) {
    auto c = plain_config();
    EXPECT_EQ(container_hostname(c, "laptop"), "4f2c90fabe21");
    c.network.networks = {"host"};
    EXPECT_EQ(container_hostname(c, "laptop"), "laptop");
    c.hostname = "mine";
    EXPECT_EQ(container_hostname(c, "laptop"), "mine");
}

TEST(Containerenv, NamesTheContainer) {
    EXPECT_EQ(containerenv(plain_config(), "localhost/bb:1", "abc", "0.1.0"),
              "engine=\"rpod-0.1.0\"\nname=\"web\"\nid=\"4f2c90fabe21d7c1\"\nimage=\"localhost/"
              "bb:1\"\nimageid=\"abc\"\n"
              "rootless=1\n");
}

}  // namespace
}  // namespace rpod::container
