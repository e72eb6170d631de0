// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// One image, or the images of an index, from any source to any target.
#include <mutex>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "image/copy.hh"
#include "image/parallel.hh"
#include "image/verifying_source.hh"

namespace rpod::image {
namespace {

void convert_layer(oci::Descriptor& layer, ManifestFormat format) {
    if (oci::is_foreign_layer_type(layer.media_type))
        throw Error("layer {} is kept elsewhere, which another format would not say", layer.digest.str());
    oci::require_layer_type(layer);
    const auto compression = compression_of(layer);
    if (format == ManifestFormat::v2s2) {
        if (compression == Compression::zstd)
            throw Error("layer {} is zstd, which docker's manifest format does not know", layer.digest.str());
        layer.annotations.clear();
    }
    layer.media_type = layer_type(format, compression);
}

std::string convert_image(oci::Manifest manifest, ManifestFormat format) {
    const bool is_oci = format == ManifestFormat::oci;
    if (!oci::is_config_type(manifest.config.media_type))
        throw Error("an artifact ('{}') has no other format", printable(manifest.config.media_type));
    manifest.media_type = is_oci ? oci::media_type::kManifest : oci::media_type::kDockerManifest;
    manifest.config.media_type = is_oci ? oci::media_type::kConfig : oci::media_type::kDockerConfig;
    if (!is_oci) manifest.annotations.clear();
    for (auto& layer : manifest.layers) convert_layer(layer, format);
    return oci::to_json(manifest);
}

/// A source of bytes together with what checks them.
class CheckedBlob : public ByteSource {
  public:
    CheckedBlob(std::unique_ptr<ByteSource> bytes, const oci::Descriptor& blob)
        : bytes_(std::move(bytes)), checked_(*bytes_, blob.digest, blob.size, "blob " + blob.digest.str()) {}
    size_t read(std::span<char> into) override { return checked_.read(into); }

  private:
    std::unique_ptr<ByteSource> bytes_;
    VerifyingSource checked_;
};

}  // namespace

RawManifest Copier::convert(const RawManifest& manifest) const {
    const auto* image = std::get_if<oci::Manifest>(&manifest.parsed);
    if (!format_ || !image) return manifest;
    const auto wanted =
        *format_ == ManifestFormat::oci ? oci::media_type::kManifest : oci::media_type::kDockerManifest;
    if (manifest.media_type == wanted) return manifest;
    if (preserve_digests_) {
        throw Error("manifest {} is '{}': in another format its digest would change", manifest.digest().str(),
                    manifest.media_type)
            .with_hint("leave out --format or --preserve-digests");
    }
    return RawManifest::parse(convert_image(*image, *format_), {}, "the converted manifest");
}

void Copier::send_blob(CopySource& source, const oci::Descriptor& blob, const char* kind) {
    if (target_.has_blob(blob, &source)) {
        progress_(fmt::format("Copying {} {} skipped: already exists", kind, blob.digest.str()));
        return;
    }
    progress_(fmt::format("Copying {} {}", kind, blob.digest.str()));
    target_.put_blob(blob, [&] { return std::make_unique<CheckedBlob>(source.open_blob(blob), blob); });
}

RawManifest Copier::send_image(CopySource& source, const RawManifest& raw) {
    // First, so that what cannot be done is not begun.
    auto converted = convert(raw);
    const auto& manifest = std::get<oci::Manifest>(raw.parsed);
    std::vector<oci::Descriptor> blobs;
    std::set<oci::Digest> seen;
    for (const auto& layer : manifest.layers) {
        if (!oci::is_foreign_layer_type(layer.media_type) && seen.insert(layer.digest).second)
            blobs.push_back(layer);
    }
    std::mutex mutex;
    const Progress one_at_a_time = [&](const std::string& line) {
        const std::lock_guard guard(mutex);
        progress_(line);
    };
    Copier sender(target_, format_, preserve_digests_, one_at_a_time);
    const auto send = [&](size_t i) { sender.send_blob(source, blobs[i], "blob"); };
    if (target_.parallel() && blobs.size() > 1) {
        run_parallel(blobs.size(), send);
    } else {
        for (size_t i = 0; i < blobs.size(); ++i) send(i);
    }
    if (seen.insert(manifest.config.digest).second) send_blob(source, manifest.config, "config");
    return converted;
}

RawManifest Copier::send_index(CopySource& source, const RawManifest& raw) {
    const auto& before = std::get<oci::Index>(raw.parsed);
    oci::Index index = before;
    bool changed = false;
    for (size_t i = 0; i < index.manifests.size(); ++i) {
        auto& entry = index.manifests[i];
        progress_(fmt::format("Copying image {} ({}/{})", entry.digest.str(), i + 1, index.manifests.size()));
        const auto child = source.manifest(entry);
        const bool is_index = std::holds_alternative<oci::Index>(child.parsed);
        if (is_index && ++depth_ > oci::kMaxIndexDepth)
            throw Error("indexes are nested deeper than {} levels", oci::kMaxIndexDepth);
        const auto sent = is_index ? send_index(source, child) : send_image(source, child);
        if (is_index) --depth_;
        target_.put_manifest(sent);
        if (sent.bytes == child.bytes) continue;
        changed = true;
        entry.media_type = sent.media_type;
        entry.digest = sent.digest();
        entry.size = sent.bytes.size();
    }
    const auto type = !format_                          ? std::string(raw.media_type)
                      : *format_ == ManifestFormat::oci ? std::string(oci::media_type::kIndex)
                                                        : std::string(oci::media_type::kDockerList);
    if (!changed && type == raw.media_type) return raw;
    if (preserve_digests_) throw Error("index {}: its digest would change", raw.digest().str());
    index.media_type = type;
    if (type == oci::media_type::kDockerList) {
        index.annotations.clear();
        for (auto& entry : index.manifests) entry.annotations.clear();
    }
    return RawManifest::parse(oci::to_json(index), {}, "the converted index");
}

}  // namespace rpod::image
