// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>
#include <vector>

#include "base/error.hh"
#include "base/strings.hh"
#include "net/dns_message.hh"
#include "net/frame_write.hh"
#include "net/pod_world.hh"
#include "sys/file.hh"

namespace rpod::net::test {
namespace {

Endpoint v4(const char* address, uint16_t port) { return Endpoint::of(*parse_ipv4(address), port); }
Endpoint v6(const char* address, uint16_t port) { return Endpoint::of(*parse_ipv6(address), port); }

Bytes bytes_of(std::string_view text) { return {reinterpret_cast<const uint8_t*>(text.data()), text.size()}; }

std::string word(size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }

/// A query for the A record of `name`, with ID 0x1234.
std::string query_for(std::string_view name) {
    std::string query = word(0x1234) + word(0x0100) + word(1) + word(0) + word(0) + word(0);
    for (const auto label : split(name, '.')) query += static_cast<char>(label.size()) + std::string(label);
    return query + '\0' + word(1) + word(1);
}

/// What the test's servers answer: the question, and `payload` in place of a proper record.
std::string answer_to(std::string_view query, std::string_view payload) {
    std::string answer(query);
    answer[2] = static_cast<char>(0x81);
    answer[3] = static_cast<char>(0x80);
    return answer + std::string(payload);
}

/// The payload of an answer to query_for(name).
std::string payload_of(const std::string& answer, std::string_view name) {
    const std::string query = query_for(name);
    if (answer.rfind("error", 0) == 0) return answer;
    if (!dns::is_answer(bytes_of(query), bytes_of(answer))) return "not an answer";
    const auto rcode = dns::rcode_of(bytes_of(answer));
    if (rcode != dns::Rcode::ok) return fmt::format("rcode {}", static_cast<int>(rcode));
    return answer.substr(query.size());
}

std::string look_up(const Endpoint& server, std::string_view name) {
    return payload_of(ask_udp(server, query_for(name), 9000), name);
}

std::string look_up_tcp(const Endpoint& server, std::string_view name) {
    const std::string query = query_for(name);
    // The answers of the test's servers are as long as the question plus five letters.
    std::string padded = word(query.size()) + query;
    const std::string answer = ask_tcp(server, padded, 4000, padded.size() + 5);
    return answer.size() < 2 ? "nothing" : payload_of(answer.substr(2), name);
}

void serve_dns(const Endpoint& at, std::string payload) {
    start_udp_server(at, [payload](std::string_view query) { return answer_to(query, payload); });
    start_tcp_server(at, [payload](std::string_view query) {
        const std::string answer = answer_to(query.substr(2), payload);
        return word(answer.size()) + answer;
    });
}

class DnsOfPod : public testing::Test {
  protected:
    void SetUp() override {
        static const std::string reason = why_no_world();
        if (!reason.empty()) GTEST_SKIP() << reason;
    }
};

TEST_F(DnsOfPod, AnswersAtBothAddressesOverUdpAndTcp) {
    World world;
    world.host = [](const MonitorEnd&) { serve_dns(v4("10.99.0.1", 53), " host"); };
    world.pod = [] {
        return look_up(v4("10.0.2.3", 53), "a.example") + look_up(v6("fd00::3", 53), "b.example") +
               look_up_tcp(v4("10.0.2.3", 53), "c.example") + look_up_tcp(v6("fd00::3", 53), "d.example");
    };
    EXPECT_EQ(run(world), " host host host host");
}

TEST_F(DnsOfPod, AsksAResolverOnTheHostsLoopback) {
    World world;
    world.resolvers.nameservers = {"127.0.0.53"};
    world.host = [](const MonitorEnd&) { serve_dns(v4("127.0.0.53", 53), " stub"); };
    world.pod = [] { return look_up(v4("10.0.2.3", 53), "a") + look_up_tcp(v4("10.0.2.3", 53), "a"); };
    EXPECT_EQ(run(world), " stub stub");
}

TEST_F(DnsOfPod, GoesOnToTheNextResolver) {
    World world;
    // Nobody there; silent; fails; answers.
    world.resolvers.nameservers = {"10.99.0.66", "10.99.0.67", "10.99.0.68", "fd99::1"};
    world.resolvers.options = {"timeout:1"};
    world.host = [](const MonitorEnd&) {
        start_udp_server(v4("10.99.0.67", 53), [](std::string_view) { return std::string(); });
        start_udp_server(v4("10.99.0.68", 53), [](std::string_view query) {
            std::string answer = answer_to(query, "");
            answer[3] = 2;
            return answer;
        });
        serve_dns(v6("fd99::1", 53), " fine");
    };
    world.pod = [] {
        const std::string first = look_up(v4("10.0.2.3", 53), "a");
        const auto start = std::chrono::steady_clock::now();
        const std::string second = look_up(v4("10.0.2.3", 53), "a");
        const bool fast = std::chrono::steady_clock::now() - start < std::chrono::milliseconds(500);
        return first + second + (fast ? " remembered" : " slow") + look_up_tcp(v4("10.0.2.3", 53), "a");
    };
    EXPECT_EQ(run(world), " fine fine remembered fine");
}

TEST_F(DnsOfPod, PassesAFailureOnWhenNobodyKnowsBetter) {
    World world;
    world.resolvers.nameservers = {"10.99.0.66"};
    world.pod = [] { return look_up(v4("10.0.2.3", 53), "a"); };
    EXPECT_EQ(run(world), "rcode 2");
    world.resolvers.nameservers = {};
    EXPECT_EQ(run(world), "rcode 2");
}

TEST_F(DnsOfPod, FollowsANewListOfResolvers) {
    World world;
    world.resolvers.nameservers = {"10.99.0.66"};
    world.host = [](const MonitorEnd& net) {
        serve_dns(v4("10.99.0.1", 53), " new!");
        net.set_resolvers({.nameservers = {"10.99.0.1"}, .search = {}, .options = {}});
    };
    world.pod = [] { return look_up(v4("10.0.2.3", 53), "a"); };
    EXPECT_EQ(run(world), " new!");
}

TEST_F(DnsOfPod, TruncatesWhatDoesNotFitIntoAFrame) {
    World world;
    world.config = parse_slirp_options("mtu=1500");
    world.host = [](const MonitorEnd&) {
        start_udp_server(v4("10.99.0.1", 53),
                         [](std::string_view query) { return answer_to(query, std::string(3000, 'x')); });
    };
    world.pod = [] {
        const std::string answer = ask_udp(v4("10.0.2.3", 53), query_for("a"));
        return fmt::format("{} {}", answer.size() == query_for("a").size(), (answer.at(2) & 2) != 0);
    };
    EXPECT_EQ(run(world), "true true");
}

TEST_F(DnsOfPod, DoesNotServeOtherUsersOfTheHost) {
    World world;
    world.host = [](const MonitorEnd&) {
        // The echo servers of the test have low ports; the listener for DNS is the only other one.
        serve_dns(v4("10.99.0.1", 53), " host");
        uint16_t port = 0;
        const std::string table = sys::read_file("/proc/net/tcp");
        for (const auto line : split(table, '\n')) {
            const auto at = line.find("0100007F:");
            if (at != line.npos && line.find(" 0A ") != line.npos) {
                port = static_cast<uint16_t>(std::stoul(std::string(line.substr(at + 9, 4)), nullptr, 16));
            }
        }
        const std::string query = word(query_for("a").size()) + query_for("a");
        const std::string answer = ask_tcp(v4("127.0.0.1", port), query, 1000, query.size() + 5);
        if (port == 0 || !answer.empty()) throw Error("port {} answers '{}'", port, answer.size());
    };
    world.pod = [] { return look_up_tcp(v4("10.0.2.3", 53), "a"); };
    EXPECT_EQ(run(world), " host");
}

TEST(DnsMessage, FindsTheEndOfAQuestion) {
    const std::string query = query_for("www.example.org");
    EXPECT_EQ(dns::query_end(bytes_of(query)), query.size());
    EXPECT_EQ(dns::query_end(bytes_of(query + "additional")), query.size());
    for (size_t n = 0; n < query.size(); ++n) {
        EXPECT_FALSE(dns::query_end(bytes_of(query.substr(0, n)))) << n;
    }
}

TEST(DnsMessage, RefusesWhatIsNoPlainQuery) {
    std::string response = query_for("a");
    response[2] = static_cast<char>(0x80);
    EXPECT_FALSE(dns::query_end(bytes_of(response)));
    std::string update = query_for("a");
    update[2] = 0x28;
    EXPECT_FALSE(dns::query_end(bytes_of(update)));
    std::string two = query_for("a");
    two[5] = 2;
    EXPECT_FALSE(dns::query_end(bytes_of(two)));
    std::string pointer = query_for("a");
    pointer[12] = static_cast<char>(0xc0);
    EXPECT_FALSE(dns::query_end(bytes_of(pointer)));
    std::string endless = query_for("a").substr(0, 12);
    for (int i = 0; i < 10; ++i) endless += '\x3f' + std::string(63, 'a');
    EXPECT_FALSE(dns::query_end(bytes_of(endless + std::string(5, '\0'))));
}

TEST(DnsMessage, TellsAnAnswerFromOthers) {
    const std::string query = query_for("Example.org");
    EXPECT_TRUE(dns::is_answer(bytes_of(query), bytes_of(answer_to(query_for("eXAMPLE.ORG"), "data"))));
    EXPECT_FALSE(dns::is_answer(bytes_of(query), bytes_of(query)));
    EXPECT_FALSE(dns::is_answer(bytes_of(query), bytes_of(answer_to(query_for("example.com"), ""))));
    std::string other_id = answer_to(query, "");
    other_id[0] = 0;
    EXPECT_FALSE(dns::is_answer(bytes_of(query), bytes_of(other_id)));
}

TEST(DnsMessage, MakesErrorsAndTruncates) {
    const std::string query = query_for("a") + "edns";
    const auto error = dns::make_error(bytes_of(query), dns::Rcode::server_failure);
    ASSERT_TRUE(error);
    EXPECT_TRUE(dns::is_answer(bytes_of(query), *error));
    EXPECT_EQ(dns::rcode_of(*error), dns::Rcode::server_failure);
    EXPECT_FALSE(dns::make_error(bytes_of("short"), dns::Rcode::refused));
    EXPECT_FALSE(dns::make_error(bytes_of(answer_to(query, "")), dns::Rcode::refused));
    EXPECT_EQ(dns::make_error(bytes_of(query.substr(0, 14)), dns::Rcode::refused)->size(), dns::kHeader);
    const std::string question = query_for("a");
    const auto cut = dns::truncate(bytes_of(answer_to(question, "records")), question.size());
    EXPECT_EQ(cut.size(), question.size());
    EXPECT_TRUE(cut[2] & 2);
}

}  // namespace
}  // namespace rpod::net::test
