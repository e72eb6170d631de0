// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/transfer.hh"

#include <set>

#include "base/error.hh"
#include "base/json.hh"
#include "image/parallel.hh"

namespace rpod::image {

void stage_layers(ImageFiles& files, Staging& staging, const std::vector<LayerFile>& layers,
                  const Progress& progress) {
    std::vector<const LayerFile*> missing;
    std::set<oci::Digest> seen;
    for (const auto& layer : layers) {
        if (!seen.insert(*layer.expected.diff_id).second) continue;
        const bool there = staging.reuse_layer(*layer.expected.diff_id).has_value();
        progress(
            fmt::format("Copying blob {}{}", layer.digest.str(), there ? " skipped: already exists" : ""));
        if (!there) missing.push_back(&layer);
    }
    const auto stage = [&](size_t i) {
        in_context([&] { files.stage_layer(missing[i]->name, missing[i]->expected); }, "layer {}",
                   missing[i]->digest.str());
    };
    if (files.random_access() && missing.size() > 1) return run_parallel(missing.size(), stage);
    for (size_t i = 0; i < missing.size(); ++i) stage(i);
}

Format detect_format(ImageFiles& files) {
    if (const auto text = files.find_document("manifest.json", oci::kMaxManifestBytes)) {
        // docker's own archives hold an OCI layout too; its names are less complete.
        const auto value =
            json::Value::parse(*text, "manifest.json", json::Limits{.max_bytes = oci::kMaxManifestBytes});
        return value.is_array() ? Format::docker_archive : Format::blob_directory;
    }
    if (files.find_document("index.json", oci::kMaxManifestBytes)) return Format::oci_layout;
    throw Error("neither manifest.json nor index.json is there")
        .with_hint("a plain archive of a root file system becomes an image with `rpod import`");
}

}  // namespace rpod::image
