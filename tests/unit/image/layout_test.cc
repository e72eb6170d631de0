// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/layout.hh"

#include <gtest/gtest.h>

namespace rpod::image {
namespace {

oci::Descriptor manifest(char digit) {
    return {.media_type = std::string(oci::media_type::kManifest),
            .digest = *oci::Digest::from_hex(std::string(64, digit)),
            .size = 7};
}

/// As a tool writes it that names images in words of its own.
Layout foreign(const std::string& name) {
    oci::Index index{.media_type = std::string(oci::media_type::kIndex), .manifests = {manifest('a')}};
    index.manifests[0].annotations[std::string(oci::kRefNameAnnotation)] = name;
    return Layout::parse(to_json(index));
}

TEST(Layout, FindsANameInOtherWords) {
    const auto name = oci::Reference::parse("debian:12");
    Layout layout = foreign("docker.io/debian:12");
    ASSERT_EQ(layout.names_of(manifest('a').digest).size(), 1u);
    EXPECT_EQ(layout.names_of(manifest('a').digest)[0], name);
    ASSERT_NE(layout.find(name), nullptr);
    EXPECT_TRUE(layout.remove_name(name));
    EXPECT_EQ(layout.find(name), nullptr);
    EXPECT_EQ(layout.manifests().size(), 1u);
    EXPECT_FALSE(layout.remove_name(name));
}

TEST(Layout, GivesANameToOneImageOnly) {
    const auto name = oci::Reference::parse("debian:12");
    Layout layout = foreign("docker.io/debian:12");
    layout.add(manifest('b'), {});
    layout.set_name(name, manifest('b').digest);
    EXPECT_TRUE(layout.names_of(manifest('a').digest).empty());
    EXPECT_EQ(layout.find(name)->manifest.digest, manifest('b').digest);
}

TEST(Layout, PutsAnotherManifestInItsPlace) {
    const auto name = oci::Reference::parse("debian:12");
    Layout layout = foreign("docker.io/debian:12");
    layout.set_name(oci::Reference::parse("debian:13"), manifest('a').digest);
    layout.replace(manifest('a').digest, manifest('b'));
    EXPECT_EQ(layout.names_of(manifest('b').digest).size(), 2u);
    EXPECT_EQ(layout.find(name)->manifest.digest, manifest('b').digest);
    EXPECT_EQ(layout.manifests().size(), 1u);
}

TEST(Layout, LeavesNamesWithoutARegistryAlone) {
    Layout layout = foreign("latest");
    EXPECT_TRUE(layout.names_of(manifest('a').digest).empty());
    EXPECT_EQ(layout.find(oci::Reference::parse("latest:latest")), nullptr);
    EXPECT_EQ(layout.entries()[0].name, "latest");
}

}  // namespace
}  // namespace rpod::image
