// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_port.hh"

#include <gtest/gtest.h>

#include "container/message_of.hh"
#include "container/port_json.hh"

namespace rpod::container {
namespace {

using net::PortMapping;
using net::Transport;
using Ports = std::vector<PortMapping>;

PortMapping mapping(std::string ip, uint16_t host, uint16_t inside, uint16_t range = 1,
                    Transport transport = Transport::tcp) {
    return {.host_ip = std::move(ip),
            .host_port = host,
            .container_port = inside,
            .range = range,
            .transport = transport};
}

TEST(ParsePublish, ReadsAllForms) {
    EXPECT_EQ(parse_publish("80"), Ports{mapping("", 0, 80)});
    EXPECT_EQ(parse_publish(":80"), Ports{mapping("", 0, 80)});
    EXPECT_EQ(parse_publish("8080:80"), Ports{mapping("", 8080, 80)});
    EXPECT_EQ(parse_publish("8080:80/TCP"), Ports{mapping("", 8080, 80)});
    EXPECT_EQ(parse_publish("127.0.0.1:8080:80/udp"),
              Ports{mapping("127.0.0.1", 8080, 80, 1, Transport::udp)});
    EXPECT_EQ(parse_publish("127.0.0.1::80"), Ports{mapping("127.0.0.1", 0, 80)});
    EXPECT_EQ(parse_publish("[::1]:8080:80"), Ports{mapping("::1", 8080, 80)});
    EXPECT_EQ(parse_publish("[::]::80"), Ports{mapping("::", 0, 80)});
}

TEST(ParsePublish, ReadsRanges) {
    EXPECT_EQ(parse_publish("8000-8002:80-82"), Ports{mapping("", 8000, 80, 3)});
    EXPECT_EQ(parse_publish("65534-65535:1-2/udp"), Ports{mapping("", 65534, 1, 2, Transport::udp)});
    // Where the host's are free to choose, they need not follow one another.
    EXPECT_EQ(parse_publish("80-81"), (Ports{mapping("", 0, 80), mapping("", 0, 81)}));
}

TEST(ParsePublish, RefusesTheRestAndSaysWhy) {
    for (const char* bad : {"",
                            ":",
                            "/tcp",
                            "80/",
                            "x",
                            "0",
                            "0:80",
                            "65536",
                            "80:",
                            "-1:80",
                            "81-80",
                            "1-2:80",
                            "80:1-2",
                            "80-",
                            "-80",
                            "1-2-3",
                            ":::80",
                            "nowhere:1:80",
                            "::1:80:80",
                            "[::1]80:80",
                            "[::1:80",
                            "[]:80:80",
                            "1.2.3:80:80",
                            "1.2.3.4:80:80:80",
                            ":1:80",
                            "80/icmp",
                            "+80:80",
                            " 80:80",
                            "80:80 ",
                            "80/tcp/udp",
                            "1-65535:1-65535"}) {
        EXPECT_NE(message_of([&] { parse_publish(bad); }), "no error") << bad;
    }
    EXPECT_EQ(message_of([] { parse_publish("1-2:80"); }),
              "publish '1-2:80': 2 ports of the host for 1 of the container");
    EXPECT_EQ(message_of([] { parse_publish("80/sctp"); }),
              "publish '80/sctp': SCTP is not supported: libslirp and the port forwarder speak TCP and UDP");
    EXPECT_EQ(message_of([] { parse_publish("host:1:\x1b"); }),
              "publish 'host:1:\\x1b': 'host' is not an IP address");
}

TEST(WantedPorts, JoinsPublishAndExpose) {
    NetworkConfig network;
    network.publish = {"8080:80", "8080:80"};
    network.expose = {"80", "90-91/udp"};
    EXPECT_EQ(wanted_ports(network, {"443/tcp"}), Ports{mapping("", 8080, 80)});
    network.publish_all = true;
    EXPECT_EQ(wanted_ports(network, {"443/tcp", "80/tcp"}),
              (Ports{mapping("", 8080, 80), mapping("", 0, 90, 1, Transport::udp),
                     mapping("", 0, 91, 1, Transport::udp), mapping("", 0, 443)}));
    EXPECT_NE(message_of([&] { wanted_ports(network, {"web"}); }), "no error");
}

TEST(WantedPorts, RefusesTwoForOnePortOfTheHost) {
    const auto message = [](std::vector<std::string> publish) {
        NetworkConfig network;
        network.publish = std::move(publish);
        return message_of([&] { wanted_ports(network, {}); });
    };
    EXPECT_EQ(message({"8080:80", "8080:81"}),
              "publish: conflicting port mappings for host port 8080 (protocol tcp)");
    EXPECT_EQ(message({"8000-8009:1-10", "8005:80"}),
              "publish: conflicting port mappings for host port 8005 (protocol tcp)");
    EXPECT_EQ(message({"53:53", "53:53/udp"}), "no error");
    EXPECT_EQ(message({"127.0.0.1:80:80", "127.0.0.2:80:80"}), "no error");
    EXPECT_EQ(message({"80", "80"}), "no error");
}

TEST(PortJson, SurvivesTheRecord) {
    ContainerConfig config;
    config.id = "1";
    config.name = "x";
    config.network.publish = {"[::1]:8080-8081:80-81/udp"};
    config.network.ports = parse_publish(config.network.publish[0]);
    EXPECT_EQ(config_from_json(to_json(config), "record").network, config.network);
}

TEST(PortJson, RefusesWhatIsNoMapping) {
    for (const char* bad :
         {R"({"host_port":1,"container_port":0,"range":1,"protocol":"tcp"})",
          R"({"host_port":1,"container_port":1,"range":0,"protocol":"tcp"})",
          R"({"host_port":65535,"container_port":1,"range":2,"protocol":"tcp"})",
          R"({"host_port":1,"container_port":65535,"range":2,"protocol":"tcp"})",
          R"({"host_port":0,"container_port":1,"range":2,"protocol":"tcp"})",
          R"({"host_port":65536,"container_port":1,"range":1,"protocol":"tcp"})",
          R"({"host_port":1,"container_port":1,"range":1,"protocol":"sctp"})",
          R"({"host_ip":"x","host_port":1,"container_port":1,"range":1,"protocol":"tcp"})", R"({})"}) {
        EXPECT_NE(message_of([&] { port_from_json(json::Value::parse(bad, "port")); }), "no error") << bad;
    }
}

}  // namespace
}  // namespace rpod::container
