// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/manifest.hh"

#include <gtest/gtest.h>

#include <functional>

#include "base/error.hh"

namespace rpod::oci {
namespace {

std::string message_of(const std::function<void()>& fn) {
    try {
        fn();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

std::string hex(char c) { return "sha256:" + std::string(64, c); }

std::string descriptor(std::string_view type, char c, std::string_view size = "7") {
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", type, hex(c), size);
}

std::string manifest_text(const std::string& extra = {}) {
    return fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{},{}]{}}})",
                       descriptor(media_type::kConfig, 'a'), descriptor(media_type::kLayerTar, 'b'),
                       descriptor("application/vnd.oci.image.layer.v1.tar+gzip", 'c'), extra);
}

TEST(Manifest, ReadsOciAndDocker) {
    const auto m = parse_manifest(manifest_text());
    EXPECT_EQ(m.media_type, media_type::kManifest);
    EXPECT_EQ(m.config.digest.str(), hex('a'));
    ASSERT_EQ(m.layers.size(), 2U);
    EXPECT_EQ(m.layers[1].digest.str(), hex('c'));
    EXPECT_EQ(m.layers[1].size, 7U);
    const auto docker = manifest_text(fmt::format(R"(,"mediaType":"{}")", media_type::kDockerManifest));
    EXPECT_EQ(parse_manifest(docker).media_type, media_type::kDockerManifest);
}

TEST(Manifest, SerialisesTheSameBytesForTheSameValue) {
    const auto m = parse_manifest(manifest_text(R"(,"annotations":{"b":"2","a":"1"})"));
    EXPECT_EQ(to_json(m), to_json(parse_manifest(to_json(m))));
}

TEST(Manifest, RefusesADocumentThatCouldBeReadAsTwoKinds) {
    const auto both = manifest_text(R"(,"manifests":[])");
    EXPECT_EQ(message_of([&] { parse_manifest_or_index(both); }), "manifest: both a manifest and an index");
    const auto lying = manifest_text(fmt::format(R"(,"mediaType":"{}")", media_type::kIndex));
    EXPECT_NE(message_of([&] { parse_manifest_or_index(lying); }), "no error");
    EXPECT_NE(message_of([&] { parse_manifest_or_index(manifest_text(), media_type::kIndex); }), "no error");
    const auto typed = manifest_text(fmt::format(R"(,"mediaType":"{}")", media_type::kManifest));
    EXPECT_NE(message_of([&] { parse_manifest_or_index(typed, media_type::kDockerManifest); }), "no error");
}

TEST(Manifest, RefusesSchema1ByName) {
    EXPECT_EQ(message_of([] { parse_manifest_or_index(R"({"schemaVersion":1,"fsLayers":[]})"); }),
              "manifest: docker's manifest schema 1 is not supported");
}

TEST(Manifest, RefusesBadDigestsAndSizes) {
    const auto with_layer = [](const std::string& layer) {
        return fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{}]}})",
                           descriptor(media_type::kConfig, 'a'), layer);
    };
    EXPECT_EQ(message_of([&] {
                  parse_manifest(with_layer(R"({"mediaType":"x","digest":"sha256:../../x","size":1})"));
              }),
              "manifest: layers[0].digest: 'sha256:../../x' is not a sha256 digest");
    for (const char* size : {"-1", "1.5", "\"1\"", "9223372036854775808", "null"}) {
        EXPECT_NE(message_of([&] { parse_manifest(with_layer(descriptor("x", 'b', size))); }), "no error")
            << size;
    }
}

TEST(Manifest, LimitsTheNumberOfLayers) {
    std::string text =
        R"({"schemaVersion":2,"config":)" + descriptor(media_type::kConfig, 'a') + R"(,"layers":[0)";
    for (int i = 0; i < 1'000'000; ++i) text += ",0";
    EXPECT_EQ(message_of([&] { parse_manifest(text + "]}"); }),
              "manifest: layers: 1000001 entries are more than the 4096 allowed");
}

TEST(Manifest, RefusesLayersThatAreNoFileSystem) {
    const auto layer = [](std::string type) {
        return Descriptor{.media_type = std::move(type), .digest = Digest::parse(hex('b'))};
    };
    require_layer_type(layer("application/vnd.oci.image.layer.v1.tar+zstd"));
    require_layer_type(layer("application/vnd.docker.image.rootfs.diff.tar.gzip"));
    for (const char* type :
         {"", "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/octet-stream",
          "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"}) {
        EXPECT_NE(message_of([&] { require_layer_type(layer(type)); }), "no error") << type;
    }
    EXPECT_TRUE(is_foreign_layer_type("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"));
}

TEST(Index, ChoosesThePlatform) {
    const auto entry = [](char c, const std::string& platform) {
        return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":1{}}})", media_type::kManifest, hex(c),
                           platform.empty() ? "" : ",\"platform\":" + platform);
    };
    const auto index =
        parse_index(fmt::format(R"({{"schemaVersion":2,"manifests":[{},{},{}]}})",
                                entry('1', R"({"os":"linux","architecture":"arm","variant":"v6"})"),
                                entry('2', R"({"os":"linux","architecture":"arm","variant":"v7"})"),
                                entry('3', R"({"os":"windows","architecture":"amd64"})")));
    const auto choose = [&](const char* arch, const char* variant) {
        return choose_platform(index, Platform{.os = "linux", .architecture = arch, .variant = variant})
            .digest.str();
    };
    EXPECT_EQ(choose("arm", "v7"), hex('2'));
    EXPECT_EQ(choose("arm", "v5"), hex('1'));
    EXPECT_EQ(message_of([&] { choose("amd64", ""); }),
              "no image for platform linux/amd64 in the index, which has: linux/arm/v6, linux/arm/v7, "
              "windows/amd64");
    const auto single = parse_index(fmt::format(R"({{"schemaVersion":2,"manifests":[{}]}})", entry('9', "")));
    EXPECT_EQ(choose_platform(single, host_platform()).digest.str(), hex('9'));
}

TEST(Index, ToleratesWhatGoWritesForNothing) {
    EXPECT_TRUE(parse_index(R"({"schemaVersion":2,"manifests":null,"annotations":null})").manifests.empty());
    EXPECT_TRUE(parse_index(R"({"schemaVersion":2})").manifests.empty());
}

}  // namespace
}  // namespace rpod::oci
