// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/run_options.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "cli/app.hh"

namespace rpod::cli {
namespace {

using container::NamespaceMode;

struct Parsed {
    int code = 0;
    std::string out;
    std::string err;
    RunRequest request;
};

Parsed* current = nullptr;

Surroundings surroundings() {
    return {.cwd = "/home/u",
            .env = {{"HOME", "/home/u"}, {"http_proxy", "http://p"}, {"LC_ALL", "C"}, {"LC_TIME", "de"}},
            .architecture = "amd64"};
}

Action define_run(CLI::App& flags, Context& ctx) {
    auto o = std::make_shared<RunOptions>();
    add_run_flags(flags, *o, ctx.words);
    return [o](const Args& args) {
        current->request = validate(*o, args, surroundings());
        return 0;
    };
}

/// `rpod run WORDS…`, parsed and validated.
Parsed run_words(Args words) {
    const std::vector<Command> commands{{.name = "run",
                                         .arguments = "[options] IMAGE [COMMAND [ARG...]]",
                                         .summary = "Run a command in a new container",
                                         .arity = kOneOrMore,
                                         .define = define_run,
                                         .flags_end_at_argument = true}};
    Parsed parsed;
    current = &parsed;
    std::ostringstream out;
    std::ostringstream err;
    Context ctx{.out = out, .err = err};
    words.insert(words.begin(), "run");
    parsed.code = run(words, ctx, commands);
    parsed.out = out.str();
    parsed.err = err.str();
    return parsed;
}

/// Flags that are right, before an image.
container::ContainerConfig config_of(Args words) {
    words.emplace_back("img");
    const auto parsed = run_words(words);
    EXPECT_EQ(parsed.err, "");
    return parsed.request.config;
}

std::string error_of(Args words) {
    words.emplace_back("img");
    const auto parsed = run_words(words);
    EXPECT_EQ(parsed.code, 125);
    return parsed.err;
}

TEST(RunFlags, EndAtTheImage) {
    auto parsed = run_words({"-it", "img", "ls", "-la"});
    EXPECT_EQ(parsed.err, "");
    EXPECT_EQ(parsed.request.config.image, "img");
    EXPECT_EQ(parsed.request.config.command, (Strings{"ls", "-la"}));
    EXPECT_TRUE(parsed.request.config.tty);
    EXPECT_TRUE(parsed.request.modes.attach_stdin);
    parsed = run_words({"--rm", "img", "sh", "-c", "a; b", "-x", "--rm=false", "--", "-e="});
    EXPECT_EQ(parsed.request.config.command, (Strings{"sh", "-c", "a; b", "-x", "--rm=false", "--", "-e="}));
    EXPECT_TRUE(parsed.request.config.remove);
    parsed = run_words({"--name", "x", "--", "img", "--version"});
    EXPECT_EQ(parsed.request.config.command, (Strings{"--version"}));
    parsed = run_words({"img", "--badflag"});
    EXPECT_EQ(parsed.request.config.command, (Strings{"--badflag"}));
}

TEST(RunFlags, TakeValuesAsPflagDoes) {
    const auto c =
        config_of({"--rm=false", "--name=a", "--name", "b", "-eA=1", "-e=B=2", "-e", "C=", "-e", "HOME", "-e",
                   "LC_*", "-e", "MISSING", "--http-proxy=false", "-w/w", "--stop-timeout", "0"});
    EXPECT_FALSE(c.remove);
    EXPECT_EQ(c.name, "b");
    EXPECT_EQ(
        c.env,
        (std::vector<container::EnvVar>{
            {"A", "1"}, {"B", "2"}, {"C", ""}, {"HOME", "/home/u"}, {"LC_ALL", "C"}, {"LC_TIME", "de"}}));
    EXPECT_TRUE(c.host_env.empty());
    EXPECT_EQ(c.workdir, "/w");
    EXPECT_EQ(c.stop_timeout_s, 0U);
}

TEST(RunFlags, NameSecretsAndOtherContainers) {
    const auto c = config_of({"--secret=a", "--secret", "b,type=env,target=B", "--volumes-from", "x,y:ro"});
    ASSERT_EQ(c.secrets.size(), 2U);
    EXPECT_EQ(c.secrets[0].target, "/run/secrets/a");
    EXPECT_TRUE(c.secrets[1].env);
    EXPECT_EQ(c.volumes_from, (std::vector<std::string>{"x,y:ro"}));
}

TEST(RunFlags, AreUnknownInPodmansWords) {
    EXPECT_EQ(error_of({"--badflag"}), "Error: unknown flag: --badflag\nSee 'rpod run --help'\n");
    EXPECT_EQ(error_of({"-itz"}), "Error: unknown shorthand flag: 'z' in -z\nSee 'rpod run --help'\n");
    EXPECT_EQ(run_words({"--rm"}).err, "Error: requires at least 1 arg(s), only received 0\n");
    EXPECT_EQ(run_words({"--name"}).err, "Error: flag needs an argument: --name\nSee 'rpod run --help'\n");
}

TEST(RunFlags, AreRefusedByName) {
    EXPECT_EQ(error_of({"-m", "1g"}),
              "Error: --memory is not supported yet: resource limits need cgroups, which rpod does not set "
              "up yet\n");
    EXPECT_EQ(
        error_of({"-p80/sctp"}),
        "Error: publish '80/sctp': SCTP is not supported: libslirp and the port forwarder speak TCP and "
        "UDP\n");
    EXPECT_NE(error_of({"--pids-limit", "100"}).find("--pids-limit is not supported yet"), std::string::npos);
    EXPECT_NE(error_of({"--secret=s,nope=1"}).find("option nope=1 invalid"), std::string::npos);
    EXPECT_NE(error_of({"--secret=s", "--secret=other,target=s"}).find("is taken already"),
              std::string::npos);
    EXPECT_NE(error_of({"--secret=s", "-v/a:/run/secrets/s"}).find("is taken already"), std::string::npos);
    EXPECT_NE(error_of({"--restart=sometimes"}).find("on-failure[:N]"), std::string::npos);
    EXPECT_NE(error_of({"--restart=always", "--rm"}).find("conflicts with --restart"), std::string::npos);
    EXPECT_NE(error_of({"--systemd=always"}), "");
    EXPECT_NE(error_of({"--pull=sometimes"}), "");
    EXPECT_NE(error_of({"--log-driver=journald"}), "");
    EXPECT_NE(error_of({"--network", "mynet:ip6=fd00::7"}).find("ip6"), std::string::npos);
    EXPECT_NE(error_of({"--platform", "linux/arm64"}).find("linux/amd64"), std::string::npos);
    // What distrobox, toolbox and devcontainers write and mean nothing by.
    config_of({"--pids-limit=-1", "--runtime=crun", "--health-cmd=none", "--no-healthcheck", "--restart=no",
               "--platform", "linux/amd64", "--conmon-pidfile=/x"});
}

TEST(Health, IsParsedAsPodmanDoes) {
    const auto health =
        config_of({"--health-cmd", "test -e /x", "--health-interval=disable", "--health-timeout=1m30s",
                   "--health-retries=5", "--health-start-period=2s", "--health-on-failure=kill",
                   "--health-startup-cmd", "[\"a\", \"b\"]", "--health-startup-success=2"})
            .health;
    EXPECT_EQ(health.regular.test, (Strings{"CMD-SHELL", "test -e /x"}));
    EXPECT_EQ(health.regular.interval_ns, 0);
    EXPECT_EQ(health.regular.timeout_ns, 90'000'000'000);
    EXPECT_EQ(health.regular.start_period_ns, 2'000'000'000);
    EXPECT_EQ(health.regular.retries, 5U);
    EXPECT_EQ(health.on_failure, container::HealthAction::kill);
    EXPECT_EQ(health.startup.test, (Strings{"CMD", "a", "b"}));
    EXPECT_EQ(health.startup_successes, 2U);
    EXPECT_EQ(config_of({"--no-healthcheck"}).health.regular.test, (Strings{"NONE"}));
    EXPECT_EQ(config_of({}).health, container::HealthConfig{});
}

TEST(Health, RefusesWhatMakesNoSense) {
    EXPECT_EQ(error_of({"--no-healthcheck", "--health-cmd=x"}),
              "Error: cannot specify both --no-healthcheck and --health-cmd\n");
    EXPECT_EQ(error_of({"--health-cmd=x", "--health-retries=0"}),
              "Error: healthcheck-retries must be greater than 0\n");
    EXPECT_EQ(error_of({"--health-cmd=x", "--health-timeout=0"}),
              "Error: healthcheck-timeout must be at least 1 second\n");
    EXPECT_EQ(error_of({"--health-cmd=x", "--health-start-period=-1s"}),
              "Error: healthcheck-start-period must be 0 seconds or greater\n");
    EXPECT_NE(error_of({"--health-cmd=x", "--health-interval=x"}).find("invalid healthcheck-interval"),
              std::string::npos);
    EXPECT_NE(error_of({"--health-cmd=x", "--health-interval=-1s"}), "");
    EXPECT_NE(error_of({"--health-on-failure=explode"}).find("none,kill,restart,stop"), std::string::npos);
    EXPECT_NE(error_of({"--health-startup-retries=1"}).find("--health-startup-cmd is missing"),
              std::string::npos);
}

TEST(Entrypoint, IsAWordAListOrNothing) {
    using Words = std::optional<Strings>;
    EXPECT_EQ(config_of({}).entrypoint, std::nullopt);
    EXPECT_EQ(config_of({"--entrypoint", "/bin/sh"}).entrypoint, Words({"/bin/sh"}));
    EXPECT_EQ(config_of({"--entrypoint", "[\"a\", \"b c\"]"}).entrypoint, Words({"a", "b c"}));
    EXPECT_EQ(config_of({"--entrypoint", ""}).entrypoint, Words(Strings{}));
    EXPECT_EQ(config_of({"--entrypoint="}).entrypoint, Words(Strings{}));
    EXPECT_NE(error_of({"--entrypoint", "[\"a\""}), "");
}

TEST(EnvFile, RanksBelowEnv) {
    const std::string path = ::testing::TempDir() + "env_file_test." + std::to_string(::getpid());
    std::ofstream(path) << "# c\nA=file\nB=\"q\"\nHOME\n";
    const auto c = config_of({"-e", "A=flag", "--env-file", path});
    EXPECT_EQ(c.env, (std::vector<container::EnvVar>{{"A", "flag"}, {"B", "\"q\""}, {"HOME", "/home/u"}}));
    std::ofstream(path) << "=bad\n";
    EXPECT_EQ(error_of({"--env-file", path}), "Error: " + path + ":1: env: '=bad' has no name\n");
    EXPECT_NE(error_of({"--env-file", "/nonexistent"}).find("/nonexistent"), std::string::npos);
    ::unlink(path.c_str());
}

TEST(HostEnv, HasTheProxies) {
    EXPECT_EQ(config_of({}).host_env, (std::vector<container::EnvVar>{{"http_proxy", "http://p"}}));
    EXPECT_EQ(config_of({"--env-host"}).host_env.size(), 4U);
}

TEST(Process, IsChecked) {
    const auto c =
        config_of({"-u", "1000:staff", "--group-add", "video,5", "--umask", "077", "-h", "box", "-l", "a=b,c",
                   "-l", "d", "--annotation", "x=y", "--init", "--unsetenv", "PATH"});
    EXPECT_EQ(c.user, "1000:staff");
    EXPECT_EQ(c.group_add, (Strings{"video", "5"}));
    EXPECT_EQ(c.umask, 077U);
    EXPECT_EQ(c.hostname, "box");
    EXPECT_EQ(c.labels, (std::map<std::string, std::string>{{"a", "b,c"}, {"d", ""}}));
    EXPECT_TRUE(c.init);
    EXPECT_TRUE(config_of({"--group-add=keep-groups"}).keep_groups);
    EXPECT_NE(error_of({"--group-add=keep-groups,5"}), "");
    EXPECT_EQ(error_of({"-w", "x"}),
              "Error: the working directory 'x' is invalid, it needs to be an absolute path\n");
    EXPECT_NE(error_of({"-u", "4294967295"}), "");
    EXPECT_NE(error_of({"-h", "a b"}), "");
    EXPECT_NE(error_of({"--annotation", "x"}), "");
    EXPECT_NE(error_of({"--name", "-x"}), "");
    EXPECT_NE(error_of({"--name", "a/b"}), "");
    EXPECT_NE(error_of({"--stop-timeout", "-1"}), "");
    EXPECT_NE(error_of({"--stop-signal", "FOO"}), "");
}

TEST(Attach, TellsWhatIsConnected) {
    const auto modes = [](Args words) {
        words.emplace_back("img");
        return run_words(words).request.modes;
    };
    EXPECT_FALSE(modes({}).attach_stdin);
    EXPECT_TRUE(modes({}).attach_stdout);
    EXPECT_TRUE(modes({"-i"}).attach_stdin);
    EXPECT_FALSE(modes({"-a", "STDOUT"}).attach_stderr);
    EXPECT_TRUE(modes({"-a", "stdin,stderr"}).attach_stdin);
    EXPECT_NE(error_of({"-a", "tty"}), "");
}

TEST(Files, AreMounted) {
    const auto c = config_of({"-v", "./x:/a:ro,Z", "-v", "/anon", "--mount", "type=tmpfs,dst=/t", "--tmpfs",
                              "/u:size=1m", "--read-only", "--shm-size=1g", "--device", "/dev/fuse",
                              "--tz=Europe/Berlin", "--image-volume=tmpfs"});
    ASSERT_EQ(c.mounts.size(), 4U);
    EXPECT_EQ(std::get<container::BindMount>(c.mounts[0]).source, "/home/u/x");
    EXPECT_EQ(c.shm_size_bytes, uint64_t{1} << 30);
    EXPECT_EQ(c.devices.at(0).host_path, "/dev/fuse");
    EXPECT_EQ(error_of({"-v", "/a:/x", "--tmpfs", "/x/"}), "Error: /x: duplicate mount destination\n");
    EXPECT_NE(error_of({"--tz", "../../etc/passwd"}), "");
    EXPECT_NE(error_of({"--shm-size", "lots"}), "");
    EXPECT_NE(error_of({"--image-volume", "x"}), "");
}

TEST(Rootfs, IsTheFirstArgument) {
    const auto parsed = run_words({"--rootfs", "root:O", "sh"});
    EXPECT_EQ(parsed.request.config.rootfs, (container::RootfsDir{"/home/u/root", true}));
    EXPECT_EQ(parsed.request.config.command, (Strings{"sh"}));
    EXPECT_TRUE(parsed.request.config.image.empty());
    EXPECT_NE(run_words({"--rootfs", "/r:idmap=uids=0-1-1", "sh"}).err, "");
    EXPECT_NE(run_words({""}).err, "");
}

TEST(Namespaces, AreChosen) {
    const auto c = config_of({"--pid=host", "--uts", "ns:/n", "--userns=keep-id:uid=5", "--network=none",
                              "--dns", "1.1.1.1", "--add-host", "a:1.2.3.4", "--expose", "80-90/udp"});
    EXPECT_EQ(c.pid.mode, NamespaceMode::host);
    EXPECT_EQ(c.uts.target, "/n");
    EXPECT_EQ(c.ipc.mode, NamespaceMode::shareable);
    EXPECT_EQ(c.userns.keep_uid, 5U);
    EXPECT_EQ(c.network.networks, (Strings{"none"}));
    const auto mapped = config_of({"--uidmap", "0:1:10", "--uidmap=10:0:1"});
    EXPECT_EQ(mapped.userns.mode, container::UsernsConfig::Mode::maps);
    EXPECT_EQ(mapped.userns.gid_maps, mapped.userns.uid_maps);
    EXPECT_NE(error_of({"--userns=host", "--uidmap", "0:1:10"}), "");
    EXPECT_NE(error_of({"--hostname=x", "--uts=host"}), "");
    EXPECT_NE(error_of({"--expose", "0"}), "");
    EXPECT_NE(error_of({"--expose", "90-80"}), "");
    EXPECT_NE(error_of({"--dns", "nonsense"}), "");
    EXPECT_NE(error_of({"--dns=none", "--dns=1.1.1.1"}), "");
    EXPECT_NE(error_of({"--no-hosts", "--add-host", "a:1.2.3.4"}), "");
    EXPECT_NE(error_of({"--network", "slirp4netns:nonsense=1"}), "");
}

TEST(Security, IsChosen) {
    const auto c = config_of({"--cap-add", "net_admin,SYS_TIME", "--cap-drop=all", "--security-opt",
                              "no-new-privileges", "--security-opt", "seccomp=p.json", "--ulimit",
                              "nofile=1:2", "--ulimit", "nofile=3,core=-1", "--sysctl", "net.a=1,2,net.b=3"});
    EXPECT_EQ(c.security.cap_add, (Strings{"CAP_NET_ADMIN", "CAP_SYS_TIME"}));
    EXPECT_EQ(c.security.seccomp.path, "/home/u/p.json");
    EXPECT_EQ(c.ulimits, (std::vector<container::Ulimit>{{"nofile", 3, 3}, {"core", -1, -1}}));
    EXPECT_EQ(c.sysctls, (std::map<std::string, std::string>{{"net.a", "1,2"}, {"net.b", "3"}}));
    EXPECT_NE(error_of({"--sysctl", "net.a=1", "--network=host"}), "");
    EXPECT_NE(error_of({"--cap-add=kill", "--cap-drop=kill"}), "");
    EXPECT_NE(error_of({"--cap-add=bogus"}), "");
}

TEST(RunHelp, IsGrouped) {
    const auto parsed = run_words({"--help"});
    EXPECT_EQ(parsed.code, 0);
    for (const char* heading :
         {"\nContainer:\n", "\nCommand:\n", "\nFiles:\n", "\nNetwork:\n", "\nRights and limits:\n"}) {
        EXPECT_NE(parsed.out.find(heading), std::string::npos) << heading;
    }
    EXPECT_EQ(parsed.out.find("--memory"), std::string::npos);
}

}  // namespace
}  // namespace rpod::cli
