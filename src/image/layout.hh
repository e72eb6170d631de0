// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/digest.hh"
#include "oci/manifest.hh"
#include "oci/reference.hh"

namespace rpod::image {

/// A line of the store's index.json: an image under one name, or under none.
struct LayoutEntry {
    oci::Descriptor manifest;  ///< media type, digest, size; annotations that are not ours are kept
    std::string name;          ///< as written; empty: none
    /// Digests of the manifests that the image came with, before it was rewritten for uncompressed layers.
    std::vector<oci::Digest> sources{};
    /// `name` as a reference with a tag; nothing where it is something else: another tool wrote it.
    std::optional<oci::Reference> reference() const;
};

/// The store's index.json as data: which image has which name. An image with n names has n entries, one
/// without a name has one; a name belongs to one image.
///
///     {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
///       {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:…", "size": 527,
///       "annotations": {
///          "org.opencontainers.image.ref.name": "docker.io/library/debian:12",
///          "rpod.source.digests": "sha256:… sha256:…"}}]}
class Layout {
  public:
    Layout() = default;
    static Layout parse(std::string_view index_json);
    std::string to_json() const;

    const std::vector<LayoutEntry>& entries() const noexcept { return entries_; }
    /// The manifests in the order of their first entry, each once.
    std::vector<oci::Descriptor> manifests() const;
    std::vector<oci::Reference> names_of(const oci::Digest& manifest) const;
    std::vector<oci::Digest> sources_of(const oci::Digest& manifest) const;
    const LayoutEntry* find(const oci::Reference& name) const;

    /// Adds an image that may be there already.
    void add(const oci::Descriptor& manifest, const std::vector<oci::Digest>& sources);
    /// Gives the name to an image that is there; another one that had it loses it, but stays. `name` has a
    /// tag.
    void set_name(const oci::Reference& name, const oci::Digest& manifest);
    /// Takes the name away; the image stays, nameless where it was the last. false: nobody had it.
    bool remove_name(const oci::Reference& name);
    void remove_image(const oci::Digest& manifest);
    /// Puts another manifest into the place of one, with its names.
    void replace(const oci::Digest& manifest, const oci::Descriptor& with);

  private:
    std::vector<LayoutEntry> entries_;
};

}  // namespace rpod::image
