// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "oci/digest.hh"

/// Image manifests and indexes: OCI image-spec 1.1 and docker's schema 2. They are foreign text: sizes and
/// counts are bounded, digests are digests, and a document that could be read as two kinds is refused
/// (CVE-2021-41190). Fields that are not read here survive because the original bytes are kept as a blob,
/// under their digest.
namespace rpod::oci {

constexpr size_t kMaxManifestBytes = 4 << 20;  ///< what the distribution spec asks registries to accept
constexpr size_t kMaxLayers = 4096;            ///< far above every builder's limit (docker: 127)
constexpr size_t kMaxIndexEntries = 4096;

namespace media_type {
constexpr std::string_view kManifest = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view kIndex = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view kConfig = "application/vnd.oci.image.config.v1+json";
constexpr std::string_view kLayerTar = "application/vnd.oci.image.layer.v1.tar";
constexpr std::string_view kDockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
constexpr std::string_view kDockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
}  // namespace media_type

/// The annotation by which an image layout names an image.
constexpr std::string_view kRefNameAnnotation = "org.opencontainers.image.ref.name";

struct Platform {
    std::string os;
    std::string architecture;  ///< Go's names: amd64, arm64
    std::string variant;       ///< v7, v8
    std::string os_version{};  ///< Windows' build number, say; nobody here chooses by these three
    std::vector<std::string> os_features{};
    std::vector<std::string> features{};  ///< of the processor: only docker's lists know them
    friend bool operator==(const Platform&, const Platform&) = default;
};

struct Descriptor {
    std::string media_type;
    Digest digest;
    uint64_t size = 0;
    std::map<std::string, std::string> annotations{};
    std::optional<Platform> platform{};
};

struct Manifest {
    std::string media_type;
    Descriptor config;
    std::vector<Descriptor> layers;  ///< lowest first
    std::map<std::string, std::string> annotations{};
};

struct Index {
    std::string media_type;
    std::vector<Descriptor> manifests;
    std::map<std::string, std::string> annotations{};
};

using ManifestOrIndex = std::variant<Manifest, Index>;

/// @param declared_type  what the transport said (Content-Type, the descriptor's mediaType); empty: nothing.
/// The document
///                       must agree with it
/// @param what           names the document in errors
/// @throws Error, also for docker's schema 1, which is refused by name
ManifestOrIndex parse_manifest_or_index(std::string_view text, std::string_view declared_type = {},
                                        std::string what = "manifest");
/// As above, where only this kind will do.
Manifest parse_manifest(std::string_view text, std::string_view declared_type = {},
                        std::string what = "manifest");
Index parse_index(std::string_view text, std::string_view declared_type = {}, std::string what = "index");

/// Compact JSON; the same value always gives the same bytes.
std::string to_json(const Manifest& manifest);
std::string to_json(const Index& index);

/// Whether a descriptor with this media type is a manifest, or an index, of images.
/// How deep indexes may lie in indexes, for those who follow them.
constexpr int kMaxIndexDepth = 4;

bool is_manifest_type(std::string_view type);
bool is_index_type(std::string_view type);
bool is_config_type(std::string_view type);
/// @throws Error where a layer's media type is no tar of a file system (Helm charts, WebAssembly, encrypted
/// layers).
void require_layer_type(const Descriptor& layer);
/// A layer that the manifest only points at (nondistributable, docker's foreign layers): its URLs are never
/// followed.
bool is_foreign_layer_type(std::string_view type);

/// "linux/arm64/v8".
std::string describe(const Platform& platform);
/// The platform that this program was built for, in Go's names.
Platform host_platform();
/// The first entry for the platform; where no entry names a platform, the only one. @throws Error that lists
/// what there is
const Descriptor& choose_platform(const Index& index, const Platform& wanted);

}  // namespace rpod::oci
