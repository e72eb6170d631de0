// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/compressed_layer.hh"

#include <fcntl.h>
#include <unistd.h>

#include <span>
#include <vector>

#include "image/encoder.hh"
#include "image/sha256.hh"
#include "oci/manifest.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

}  // namespace

std::string layer_type(ManifestFormat format, Compression compression) {
    std::string type(format == ManifestFormat::oci ? oci::media_type::kLayerTar : kDockerLayer);
    if (compression == Compression::gzip) type += format == ManifestFormat::oci ? "+gzip" : ".gzip";
    if (compression == Compression::zstd) type += "+zstd";
    return type;
}

Compression compression_of(const oci::Descriptor& layer) {
    if (layer.media_type.ends_with("gzip")) return Compression::gzip;
    return layer.media_type.ends_with("zstd") ? Compression::zstd : Compression::none;
}

CompressedLayer compress_layer(int tar, const oci::Digest& diff_id, Compression compression,
                               std::optional<int> level, int scratch) {
    FileSource source(tar, "layer " + diff_id.str());
    const auto compressed = open_compressor(source, compression, level);
    const std::string name = sys::random_name();
    sys::Fd file = sys::open_at(scratch, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    ::unlinkat(scratch, name.c_str(), 0);
    Sha256 hash;
    uint64_t size = 0;
    std::vector<char> buffer(256 << 10);
    while (const size_t n = compressed->read(buffer)) {
        hash.update(std::span(buffer).first(n));
        sys::write_all(file.get(), {buffer.data(), n}, "a compressed layer");
        size += n;
    }
    return {.digest = hash.finish(), .size = size, .file = std::move(file)};
}

}  // namespace rpod::image
