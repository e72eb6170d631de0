// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/network_names.hh"

#include <gtest/gtest.h>

namespace rpod::container {
namespace {

const NamedPod kDb{
    .id = "0123456789abcdef", .name = "db", .address = "10.89.0.2", .aliases = {"store", "Data"}};

TEST(NameTableText, HasNamesIdsAndAliases) {
    EXPECT_EQ(name_table_text({kDb}),
              "10.89.0.2 db\n10.89.0.2 0123456789ab\n10.89.0.2 store\n10.89.0.2 data\n");
}

TEST(NameTableText, AnAliasOfSeveralIsAllOfThem) {
    const auto text =
        name_table_text({kDb, {.id = "ffff", .name = "b", .address = "10.89.0.3", .aliases = {"STORE"}}});
    EXPECT_NE(text.find("10.89.0.2 store\n10.89.0.2 data\n10.89.0.3 store\n"), text.npos) << text;
}

TEST(NameTableText, NobodyTakesTheNameOfAnother) {
    const NamedPod evil{
        .id = "ffff", .name = "evil", .address = "10.89.0.66", .aliases = {"db", "DB", "0123456789AB"}};
    for (const auto& pods : {std::vector{kDb, evil}, std::vector{evil, kDb}}) {
        const auto text = name_table_text(pods);
        EXPECT_EQ(text.find("10.89.0.66 db"), text.npos) << text;
        EXPECT_EQ(text.find("10.89.0.66 0123"), text.npos) << text;
    }
    // Names are compared as resolvers do: whoever was there first keeps them.
    const NamedPod late{.id = "eeee", .name = "DB", .address = "10.89.0.67", .aliases = {}};
    EXPECT_EQ(name_table_text({kDb, late}).find("10.89.0.67 db"), std::string::npos);
    // Nor does a name that looks like an ID.
    const NamedPod id{.id = "dddd", .name = "0123456789ab", .address = "10.89.0.68", .aliases = {}};
    EXPECT_EQ(name_table_text({kDb, id}).find("10.89.0.2 0123"), std::string::npos);
}

TEST(NameTableText, StaysWithinOneMessage) {
    std::vector<NamedPod> pods;
    for (int i = 0; i < 2000; ++i) {
        pods.push_back({.id = std::to_string(100000000000 + i),
                        .name = std::string(60, 'x') + std::to_string(i),
                        .address = "10.89.100.100",
                        .aliases = {}});
    }
    EXPECT_LE(name_table_text(pods).size(), size_t{61} << 10);
}

}  // namespace
}  // namespace rpod::container
