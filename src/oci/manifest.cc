// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/manifest.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::oci {
namespace {

constexpr size_t kMaxMediaType = 255;

/// The values that are strings; null, which Go writes for an absent map, is none.
std::map<std::string, std::string> read_annotations(const json::Value& object) {
    return object.string_map_or_empty("annotations");
}

std::optional<Platform> read_platform(const json::Value& descriptor) {
    const auto value = descriptor.find("platform");
    if (!value) return std::nullopt;
    return Platform{.os = value->string_or("os"),
                    .architecture = value->string_or("architecture"),
                    .variant = value->string_or("variant"),
                    .os_version = value->string_or("os.version"),
                    .os_features = value->strings_or_empty("os.features"),
                    .features = value->strings_or_empty("features")};
}

Digest read_digest(const json::Value& value) {
    const auto digest = Digest::try_parse(value.as_string());
    if (!digest) {
        throw Error("{}: '{}' is not a sha256 digest", value.path(),
                    printable(value.as_string().substr(0, 100)));
    }
    return *digest;
}

Descriptor read_descriptor(const json::Value& value) {
    Descriptor d{.media_type = value.string_or("mediaType"),
                 .digest = read_digest(value.at("digest")),
                 .size = value.at("size").as_uint(INT64_MAX)};
    if (d.media_type.size() > kMaxMediaType) throw Error("{}: media type too long", value.path());
    d.annotations = read_annotations(value);
    d.platform = read_platform(value);
    return d;
}

std::vector<Descriptor> read_descriptors(const json::Value& array, size_t max) {
    // Counted before a Value is made for each of perhaps a million.
    if (const size_t n = array.count(); n > max) {
        throw Error("{}: {} entries are more than the {} allowed", array.path(), n, max);
    }
    std::vector<Descriptor> out;
    for (const auto& element : array.elements()) out.push_back(read_descriptor(element));
    return out;
}

Manifest read_manifest(const json::Value& root, std::string type) {
    Manifest m{.media_type = std::move(type),
               .config = read_descriptor(root.at("config")),
               .layers = read_descriptors(root.at("layers"), kMaxLayers)};
    m.annotations = read_annotations(root);
    return m;
}

Index read_index(const json::Value& root, std::string type) {
    Index index{.media_type = std::move(type), .manifests = {}};
    // Go writes null for an empty list.
    if (const auto list = root.find("manifests")) index.manifests = read_descriptors(*list, kMaxIndexEntries);
    index.annotations = read_annotations(root);
    return index;
}

/// The media type on which the document, the transport and the members that are there agree.
std::string judge_type(const json::Value& root, std::string_view declared, const std::string& what) {
    const bool schema1 =
        root.int_or("schemaVersion", 2) == 1 || root.find("fsLayers") || root.find("signatures");
    if (schema1) {
        throw Error("{}: docker's manifest schema 1 is not supported", what)
            .with_hint("push the image again with a current tool: schema 1 was superseded in 2016");
    }
    if (root.at("schemaVersion").as_int() != 2) throw Error("{}: schemaVersion is not 2", what);
    const bool has_manifest = root.find("config") || root.find("layers");
    const bool has_index = root.find("manifests").has_value();
    if (has_manifest && has_index) throw Error("{}: both a manifest and an index", what);
    std::string type = root.string_or("mediaType");
    if (type.empty()) type = declared;
    if (type.empty()) type = has_index ? media_type::kIndex : media_type::kManifest;
    if (!declared.empty() && declared != type) {
        throw Error("{}: declared as '{}', but it says '{}'", what, printable(declared), printable(type));
    }
    if (!is_manifest_type(type) && !is_index_type(type)) {
        throw Error("{}: '{}' is not an image manifest or index", what, printable(type.substr(0, 200)));
    }
    if ((is_index_type(type) && has_manifest) || (is_manifest_type(type) && has_index)) {
        throw Error("{}: its members are not those of '{}'", what, type);
    }
    return type;
}

json::Builder build_platform(const Platform& platform) {
    auto b = json::Builder::object();
    b.set("architecture", platform.architecture).set("os", platform.os);
    if (!platform.os_version.empty()) b.set("os.version", platform.os_version);
    if (!platform.os_features.empty()) b.set("os.features", json::Builder::of(platform.os_features));
    if (!platform.variant.empty()) b.set("variant", platform.variant);
    if (!platform.features.empty()) b.set("features", json::Builder::of(platform.features));
    return b;
}

json::Builder build_descriptor(const Descriptor& d) {
    auto b = json::Builder::object();
    b.set("mediaType", d.media_type).set("digest", d.digest.str()).set("size", d.size);
    if (!d.annotations.empty()) b.set("annotations", json::Builder::of(d.annotations));
    if (d.platform) b.set("platform", build_platform(*d.platform));
    return b;
}

json::Builder build_descriptors(const std::vector<Descriptor>& descriptors) {
    auto b = json::Builder::array();
    for (const auto& d : descriptors) b.push(build_descriptor(d));
    return b;
}

/// Images for older variants run on newer processors; the one that is asked for comes first.
bool matches(const Platform& have, const Platform& wanted, bool exact_variant) {
    if (have.os != wanted.os || have.architecture != wanted.architecture) return false;
    return !exact_variant || have.variant == wanted.variant;
}

}  // namespace

std::string describe(const Platform& p) {
    return p.variant.empty() ? p.os + "/" + p.architecture : p.os + "/" + p.architecture + "/" + p.variant;
}

bool is_manifest_type(std::string_view type) {
    return type == media_type::kManifest || type == media_type::kDockerManifest;
}

bool is_index_type(std::string_view type) {
    return type == media_type::kIndex || type == media_type::kDockerList;
}

bool is_config_type(std::string_view type) {
    return type == media_type::kConfig || type == media_type::kDockerConfig;
}

bool is_foreign_layer_type(std::string_view type) {
    return type.starts_with("application/vnd.oci.image.layer.nondistributable.v1.tar") ||
           type.starts_with("application/vnd.docker.image.rootfs.foreign.diff.tar");
}

void require_layer_type(const Descriptor& layer) {
    const std::string_view type = layer.media_type;
    if (type.ends_with("+encrypted"))
        throw Error("layer {} is encrypted, which is not supported", layer.digest.str());
    static constexpr std::array<std::string_view, 4> prefixes{
        media_type::kLayerTar, "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar"};
    static constexpr std::array<std::string_view, 4> suffixes{"", "+gzip", "+zstd", ".gzip"};
    for (const auto prefix : prefixes) {
        if (!type.starts_with(prefix)) continue;
        if (std::find(suffixes.begin(), suffixes.end(), type.substr(prefix.size())) != suffixes.end()) return;
    }
    // "application/vnd.docker.image.rootfs.diff.tar.zstd" was written by some tools for a while.
    if (type == "application/vnd.docker.image.rootfs.diff.tar.zstd") return;
    throw Error("layer {} has media type '{}', which is not a file system layer", layer.digest.str(),
                printable(type));
}

ManifestOrIndex parse_manifest_or_index(std::string_view text, std::string_view declared_type,
                                        std::string what) {
    const auto root =
        json::Value::parse(text, what, json::Limits{.max_bytes = kMaxManifestBytes, .max_depth = 16});
    if (!root.is_object()) throw Error("{}: not a JSON object", what);
    std::string type = judge_type(root, declared_type, what);
    if (is_index_type(type)) return read_index(root, std::move(type));
    return read_manifest(root, std::move(type));
}

Manifest parse_manifest(std::string_view text, std::string_view declared_type, std::string what) {
    auto parsed = parse_manifest_or_index(text, declared_type, what);
    if (auto* manifest = std::get_if<Manifest>(&parsed)) return std::move(*manifest);
    throw Error("{}: an index where a manifest was expected", what);
}

Index parse_index(std::string_view text, std::string_view declared_type, std::string what) {
    // An index without a single member that says what it is (`{"schemaVersion": 2}`) is an empty one.
    auto parsed = parse_manifest_or_index(
        text,
        declared_type.empty() && text.find("mediaType") == std::string_view::npos ? media_type::kIndex
                                                                                  : declared_type,
        what);
    if (auto* index = std::get_if<Index>(&parsed)) return std::move(*index);
    throw Error("{}: a manifest where an index was expected", what);
}

std::string to_json(const Manifest& manifest) {
    auto b = json::Builder::object();
    b.set("schemaVersion", 2).set("mediaType", manifest.media_type);
    b.set("config", build_descriptor(manifest.config)).set("layers", build_descriptors(manifest.layers));
    if (!manifest.annotations.empty()) b.set("annotations", json::Builder::of(manifest.annotations));
    return b.dump();
}

std::string to_json(const Index& index) {
    auto b = json::Builder::object();
    b.set("schemaVersion", 2).set("mediaType", index.media_type);
    b.set("manifests", build_descriptors(index.manifests));
    if (!index.annotations.empty()) b.set("annotations", json::Builder::of(index.annotations));
    return b.dump();
}

Platform host_platform() {
    Platform p{.os = "linux", .architecture = {}, .variant = {}};
#if defined(__x86_64__)
    p.architecture = "amd64";
#elif defined(__aarch64__)
    p.architecture = "arm64";
    p.variant = "v8";
#elif defined(__arm__)
    p.architecture = "arm";
    p.variant = "v7";
#elif defined(__riscv) && __riscv_xlen == 64
    p.architecture = "riscv64";
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
    p.architecture = "ppc64le";
#elif defined(__s390x__)
    p.architecture = "s390x";
#elif defined(__i386__)
    p.architecture = "386";
#else
#error "name this architecture as Go does"
#endif
    return p;
}

const Descriptor& choose_platform(const Index& index, const Platform& wanted) {
    std::vector<std::string> offered;
    const Descriptor* unnamed = nullptr;
    for (const bool exact : {true, false}) {
        for (const auto& d : index.manifests) {
            if (!is_manifest_type(d.media_type) && !is_index_type(d.media_type)) continue;
            if (!d.platform) {
                unnamed = &d;
            } else if (matches(*d.platform, wanted, exact)) {
                return d;
            }
            if (exact) offered.push_back(d.platform ? describe(*d.platform) : "unnamed");
        }
    }
    if (unnamed && offered.size() == 1) return *unnamed;
    throw Error("no image for platform {} in the index, which has: {}", describe(wanted),
                offered.empty() ? "none" : printable(join(offered, ", ").substr(0, 500)));
}

}  // namespace rpod::oci
