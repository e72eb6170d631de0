// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/name_table.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "net/dns_message.hh"

namespace rpod::net {
namespace {

constexpr uint16_t kA = 1, kAaaa = 28, kChaos = 3;

Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string word(size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }

std::string query_for(std::string_view name, uint16_t type = kA, uint16_t class_ = 1) {
    std::string query = word(0x1234) + word(0x0100) + word(1) + word(0) + word(0) + word(0);
    for (const auto label : split(name, '.')) query += static_cast<char>(label.size()) + std::string(label);
    return query + '\0' + word(type) + word(class_);
}

/// "none": somebody else is to be asked. Else the result and the addresses, in digits.
std::string look_up(const NameTable& names, const std::string& query) {
    const auto answer = names.answer(bytes_of(query));
    if (!answer) return "none";
    if (!dns::is_answer(bytes_of(query), *answer)) return "not an answer";
    std::string out = std::to_string(static_cast<int>(dns::rcode_of(*answer)));
    for (size_t at = query.size(); at + 16 <= answer->size(); at += 16)
        out += fmt::format(" {}.{}.{}.{}", (*answer)[at + 12], (*answer)[at + 13], (*answer)[at + 14],
                           (*answer)[at + 15]);
    return out;
}

TEST(NameTable, AnswersNamesOfEitherCaseWithAndWithoutTheDomain) {
    const NameTable names("10.89.0.2 db\n10.89.0.3 Web\n");
    EXPECT_EQ(look_up(names, query_for("db")), "0 10.89.0.2");
    EXPECT_EQ(look_up(names, query_for("DB")), "0 10.89.0.2");
    EXPECT_EQ(look_up(names, query_for("web.dns.podman")), "0 10.89.0.3");
    EXPECT_EQ(look_up(names, query_for("WEB.DNS.Podman")), "0 10.89.0.3");
}

TEST(NameTable, NamesWithoutSuchARecordAreKnownAllTheSame) {
    const NameTable names("10.89.0.2 db\n");
    EXPECT_EQ(look_up(names, query_for("db", kAaaa)), "0");
    EXPECT_EQ(look_up(names, query_for("db", kA, kChaos)), "0");
}

TEST(NameTable, NobodyOutsideIsAskedForTheDomain) {
    const NameTable names("10.89.0.2 db\n");
    EXPECT_EQ(look_up(names, query_for("nobody.dns.podman")), "3");
    EXPECT_EQ(look_up(names, query_for("example.org")), "none");
    EXPECT_EQ(look_up(names, query_for("dns.podman")), "none");
    EXPECT_EQ(look_up(names, query_for("xdns.podman")), "none");
}

TEST(NameTable, AnswersAllAddressesButNoMoreThanFit) {
    std::string text;
    for (int i = 1; i < 40; ++i) text += fmt::format("10.89.0.{} all\n", i);
    const auto query = query_for("all");
    const auto answer = NameTable(text).answer(bytes_of(query));
    ASSERT_TRUE(answer);
    EXPECT_LE(answer->size(), 512U);
    EXPECT_EQ((*answer)[7], 12);
}

TEST(NameTable, PassesOverLinesThatMakeNoSense) {
    const NameTable names("\n10.89.0.2\nx db\n10.89.0.300 db\n10.89.0.7 db\n");
    EXPECT_EQ(look_up(names, query_for("db")), "0 10.89.0.7");
}

TEST(NameTable, LeavesBadQueriesToOthers) {
    const NameTable names("10.89.0.2 db\n");
    auto query = query_for("db");
    EXPECT_EQ(look_up(names, query.substr(0, query.size() - 1)), "none");
    EXPECT_EQ(look_up(names, ""), "none");
    query[2] = static_cast<char>(0x80);  // a response
    EXPECT_EQ(look_up(names, query), "none");
    EXPECT_EQ(look_up(names, query_for(std::string("d\0b", 3))), "none");
    EXPECT_EQ(look_up(names, std::string("\x12\x34\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", 18)), "none");
}

}  // namespace
}  // namespace rpod::net
