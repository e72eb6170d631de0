// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/netlink.hh"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <cstring>

#include "base/error.hh"
#include "net/address.hh"

namespace rpod::net {
namespace {

template <class T>
T read_at(const std::vector<uint8_t>& bytes, size_t at) {
    T value;
    EXPECT_LE(at + sizeof value, bytes.size());
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
}

TEST(NetlinkBatch, EncodesAnAddressAsTheKernelReadsIt) {
    NetlinkBatch batch;
    batch.add_address(2, *parse_ipv4("10.0.2.100"), 24);
    const auto header = read_at<nlmsghdr>(batch.bytes(), 0);
    EXPECT_EQ(header.nlmsg_len, batch.bytes().size());
    EXPECT_EQ(header.nlmsg_type, RTM_NEWADDR);
    EXPECT_EQ(header.nlmsg_seq, 1u);
    EXPECT_TRUE(header.nlmsg_flags & NLM_F_REQUEST);
    const auto address = read_at<ifaddrmsg>(batch.bytes(), sizeof(nlmsghdr));
    EXPECT_EQ(address.ifa_family, AF_INET);
    EXPECT_EQ(address.ifa_prefixlen, 24);
    EXPECT_EQ(address.ifa_index, 2u);
    size_t at = sizeof(nlmsghdr) + sizeof(ifaddrmsg);
    std::vector<std::pair<int, std::string>> seen;
    while (at < batch.bytes().size()) {
        const auto attribute = read_at<rtattr>(batch.bytes(), at);
        seen.emplace_back(attribute.rta_type,
                          to_string(read_at<in_addr>(batch.bytes(), at + sizeof attribute)));
        at += RTA_ALIGN(attribute.rta_len);
    }
    const std::vector<std::pair<int, std::string>> want = {
        {IFA_LOCAL, "10.0.2.100"}, {IFA_ADDRESS, "10.0.2.100"}, {IFA_BROADCAST, "10.0.2.255"}};
    EXPECT_EQ(seen, want);
}

TEST(NetlinkBatch, ChainsRequestsWithoutGaps) {
    NetlinkBatch batch;
    batch.set_link_up(1);
    batch.set_link_up(2, 65520);
    batch.add_address(2, *parse_ipv6("fd00::100"), 64);
    batch.add_default_route(2, *parse_ipv4("10.0.2.2"));
    batch.add_default_route(2, *parse_ipv6("fd00::2"));
    size_t at = 0;
    for (size_t n = 1; n <= batch.size(); ++n) {
        const auto header = read_at<nlmsghdr>(batch.bytes(), at);
        EXPECT_EQ(header.nlmsg_seq, n);
        EXPECT_EQ(header.nlmsg_len % NLMSG_ALIGNTO, 0u);
        at += header.nlmsg_len;
    }
    EXPECT_EQ(at, batch.bytes().size());
    EXPECT_EQ(batch.what(3), "add the default route through 10.0.2.2");
}

TEST(Netlink, NamesTheRequestThatFails) {
    NetlinkBatch batch;
    batch.set_link_up(0x7ffffff0);
    batch.set_link_up(0x7ffffff1);
    try {
        Netlink().run(batch);
        FAIL() << "an interface that does not exist was taken up";
    } catch (const SysError& e) {
        // ENODEV for who may ask, EPERM for who may not.
        EXPECT_TRUE(e.is(ENODEV) || e.is(EPERM)) << e.what();
        EXPECT_EQ(std::string(e.what()).rfind("take network interface 2147483632 up", 0), 0u) << e.what();
    }
}

TEST(Netlink, FindsAnInterface) {
    EXPECT_EQ(Netlink().index_of("lo"), 1u);
    EXPECT_THROW(Netlink().index_of("nosuch0"), SysError);
}

}  // namespace
}  // namespace rpod::net
