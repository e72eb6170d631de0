// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Manifests, indexes, configurations and the store's index.json: what is accepted is bounded, and is written
// and read back as the same.
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/error.hh"
#include "image/layout.hh"
#include "oci/image_config.hh"
#include "oci/manifest.hh"

namespace {

using namespace rpod;

void require(bool good) {
    if (!good) std::abort();
}

template <class Fn>
auto accepted(Fn fn) -> std::optional<decltype(fn())> {
    try {
        return fn();
    } catch (const Error&) {
        return std::nullopt;
    }
}

void check_manifest(const oci::Manifest& manifest) {
    require(manifest.layers.size() <= oci::kMaxLayers);
    for (const auto& layer : manifest.layers) accepted([&] { return oci::require_layer_type(layer), 0; });
    const std::string json = to_json(manifest);
    require(to_json(oci::parse_manifest(json)) == json);
}

void check_index(const oci::Index& index) {
    require(index.manifests.size() <= oci::kMaxIndexEntries);
    accepted([&] { return oci::choose_platform(index, oci::host_platform()).size; });
    const std::string json = to_json(index);
    require(to_json(oci::parse_index(json)) == json);
}

void check_layout(const image::Layout& layout) {
    const std::string json = layout.to_json();
    const auto again = image::Layout::parse(json);
    require(again.to_json() == json);
    for (const auto& entry : layout.entries()) {
        const auto name = entry.reference();
        require(!name || layout.find(*name) != nullptr);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto document = accepted([&] { return oci::parse_manifest_or_index(text); })) {
        if (const auto* manifest = std::get_if<oci::Manifest>(&*document)) check_manifest(*manifest);
        if (const auto* index = std::get_if<oci::Index>(&*document)) check_index(*index);
    }
    if (const auto config = accepted([&] { return oci::ImageConfig::parse(text); })) {
        const std::string json = to_json(*config);
        require(to_json(oci::ImageConfig::parse(json)) == json);
    }
    if (const auto layout = accepted([&] { return image::Layout::parse(text); })) check_layout(*layout);
    return 0;
}
