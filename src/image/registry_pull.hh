// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "image/image_store.hh"
#include "image/pull.hh"
#include "image/transfer.hh"
#include "registry/client.hh"

/// Images from registries.
namespace rpod::image {

/// Where the bytes of an image are: the registry that its name says, or a mirror.
struct RemoteImage {
    oci::Reference name;   ///< what the store calls it; with a tag or a digest
    std::string registry;  ///< whom to ask
    std::string repository;
};
/// The place that the name itself says. ":latest" is added where it has neither tag nor digest.
RemoteImage remote_image(const oci::Reference& name);

/// Its tag or its digest, for a registry.
std::string reference_of(const oci::Reference& name);
/// Checked, where the reference is a digest. @throws Error
registry::ManifestDocument fetch_manifest(registry::Client& client, const std::string& reference);

/// How much of a layer has come, of its compressed bytes.
struct BlobProgress {
    oci::Digest digest;
    uint64_t done = 0;
    uint64_t total = 0;
};

struct RemotePull {
    registry::ClientOptions options;
    oci::Platform platform = oci::host_platform();
    /// Where it is set, it is called from the threads that fetch, instead of a line for each layer.
    std::function<void(const BlobProgress&)> report{};
    std::optional<oci::Reference> as{};  ///< what the store calls it instead
    std::string policy_file{};           ///< --signature-policy; empty: the usual ones
};

/// Brings an image into the store: layers that are there already are not fetched. Every byte is checked
/// against the digests that lead to it from the manifest's.
/// @throws Error that says which registry, which step, what it answered
AddedImage pull_remote(const ImageStore& store, const RemoteImage& from, const RemotePull& pull,
                       const Progress& progress);

/// The same for what was typed: "debian", "quay.io/x/y:1", "docker://…", as registries.conf reads it. Each
/// place where the image may be is tried in turn.
AddedImage pull_by_name(const ImageStore& store, const std::string& text, const RemotePull& pull,
                        const Progress& progress);
/// Every tag of a repository.
std::vector<AddedImage> pull_all_tags(const ImageStore& store, const std::string& text,
                                      const RemotePull& pull, const Progress& progress);

/// Whether the registry has this very image under the name now. Nothing is fetched but its digest.
bool is_current(const Image& image, const std::string& text, const RemotePull& pull);

}  // namespace rpod::image
