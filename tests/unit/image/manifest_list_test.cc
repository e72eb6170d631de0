// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/manifest_list.hh"

#include <gtest/gtest.h>

#include "base/error.hh"
#include "image/place.hh"

namespace rpod::image {
namespace {

oci::Descriptor entry(char digit) {
    return {.media_type = std::string(oci::media_type::kManifest),
            .digest = *oci::Digest::from_hex(std::string(64, digit)),
            .size = 7,
            .annotations = {{"rpod.list.source", "docker://quay.io/x"}},
            .platform = oci::Platform{.os = "linux", .architecture = "arm64", .variant = "v8"}};
}

EntryChanges features(const std::string& feature) {
    EntryChanges changes;
    changes.features = {feature};
    return changes;
}

EntryChanges annotation(const std::string& key, const std::string& value) {
    EntryChanges changes;
    changes.annotations = {{key, value}};
    return changes;
}

TEST(ManifestList, HasAnIdThatIsItsOwn) {
    const auto a = new_list();
    const auto b = new_list();
    ASSERT_TRUE(list_id(a).has_value());
    EXPECT_NE(list_id(a), list_id(b));
    EXPECT_FALSE(list_id(oci::Index{.media_type = {}, .manifests = {}}).has_value());
}

TEST(ManifestList, HasAnImageOnce) {
    auto list = new_list();
    add_entries(list, {entry('a'), entry('b')});
    auto changed = entry('a');
    changed.size = 9;
    add_entries(list, {changed});
    ASSERT_EQ(list.manifests.size(), 2u);
    EXPECT_EQ(entry_of(list, entry('a').digest).size, 9u);
    EXPECT_THROW(entry_of(list, entry('c').digest), Error);
}

TEST(ManifestList, KeepsWhatIsOursToItself) {
    auto list = new_list();
    add_entries(list, {entry('a')});
    for (const auto format : {ListFormat::oci, ListFormat::docker}) {
        const auto shown = oci::to_json(public_list(list, format));
        EXPECT_EQ(shown.find("rpod"), std::string::npos) << shown;
    }
    EXPECT_EQ(list_source(list.manifests[0]), "docker://quay.io/x");
}

TEST(ManifestList, ChoosesAFormatAsPodmanDoes) {
    auto list = new_list();
    EXPECT_EQ(public_list(list, {}).media_type, oci::media_type::kDockerList);
    add_entries(list, {entry('a')});
    EXPECT_EQ(public_list(list, {}).media_type, oci::media_type::kIndex);
    EXPECT_EQ(shown_format(list), ListFormat::docker);
    apply(features("sse4"), list.manifests[0]);
    EXPECT_EQ(public_list(list, {}).media_type, oci::media_type::kDockerList);
    EXPECT_TRUE(public_list(list, ListFormat::oci).manifests[0].platform->features.empty());
    apply(annotation("a", "b"), list.manifests[0]);
    EXPECT_EQ(public_list(list, {}).media_type, oci::media_type::kIndex);
    EXPECT_EQ(shown_format(list), ListFormat::oci);
    EXPECT_TRUE(public_list(list, ListFormat::docker).manifests[0].annotations.empty());
}

TEST(ManifestList, ChangesOnlyWhatIsGiven) {
    auto one = entry('a');
    EntryChanges changes;
    changes.architecture = "riscv64";
    changes.os_version = "7";
    apply(changes, one);
    EXPECT_EQ(one.platform->architecture, "riscv64");
    EXPECT_EQ(one.platform->os, "linux");
    EXPECT_EQ(one.platform->variant, "v8");
    EXPECT_EQ(one.platform->os_version, "7");
}

TEST(Place, KnowsItsTransports) {
    EXPECT_EQ(Place::parse("docker://quay.io/x")->str(), "docker://quay.io/x:latest");
    EXPECT_EQ(Place::parse("oci:/a/b:c")->str(), "oci:/a/b:c");
    EXPECT_EQ(Place::parse("docker-archive:/a:@2")->str(), "docker-archive:/a:@2");
    EXPECT_EQ(Place::parse("dir:/a:b")->files->path, "/a:b");
    EXPECT_EQ(Place::parse("containers-storage:x")->str(), "rpod:x");
    EXPECT_FALSE(Place::parse("quay.io/x:1").has_value());
    EXPECT_FALSE(Place::parse("x").has_value());
    for (const char* text : {"rpod:", "oci:", "ostree:x@/y", "docker://", "docker://UPPER"})
        EXPECT_THROW(Place::parse(text), Error) << text;
    EXPECT_THROW(Place::require("x"), Error);
}

}  // namespace
}  // namespace rpod::image
