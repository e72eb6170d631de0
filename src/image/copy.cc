// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/copy.hh"

#include <algorithm>

#include "base/error.hh"
#include "image/manifest_list.hh"
#include "image/pull.hh"
#include "image/registry_pull.hh"

namespace rpod::image {
namespace {

bool is_docker_archive(const Place& place) {
    return place.files && place.files->transport == Transport::docker_archive;
}

oci::Reference store_name(const Place& to) {
    const auto name = oci::Reference::parse_local(*to.stored);
    if (name.digest()) throw Error("'{}': a name given to an image has no digest", to.str());
    return name.with_default_tag();
}

std::vector<AddedImage> pull_into_store(const ImageStore& store, const Place& from,
                                        const oci::Reference& name, const CopyOptions& options,
                                        const Progress& progress) {
    if (from.remote) {
        const RemotePull pull{.options = options.from,
                              .platform = options.platform,
                              .as = name,
                              .policy_file = options.policy_file};
        return {pull_by_name(store, from.str(), pull, progress)};
    }
    return pull_local(store, *from.files,
                      {.platform = options.platform, .as = name, .policy_file = options.policy_file},
                      progress);
}

oci::Digest copy_into_store(const ImageStore& store, const Place& from, const Place& to,
                            const CopyOptions& options, const Progress& progress) {
    if (options.all) throw Error("copy to '{}': the store takes images of one platform, not --all", to.str());
    if (options.format || options.preserve_digests)
        throw Error("copy to '{}': the store keeps manifests of its own", to.str());
    const auto name = store_name(to);
    if (from.stored) {
        const auto image = store.get(*from.stored);
        store.tag(image, {name});
        return image.digest();
    }
    pull_into_store(store, from, name, options, progress);
    return store.get(name.str()).digest();
}

/// Other tools find nothing but OCI's manifests in a layout; who wants docker's there must say so.
std::optional<ManifestFormat> format_for(const Place& to, const RawManifest& manifest,
                                         const CopyOptions& options) {
    const bool layout =
        to.files && (to.files->transport == Transport::oci || to.files->transport == Transport::oci_archive);
    const bool docker = manifest.media_type == oci::media_type::kDockerManifest ||
                        manifest.media_type == oci::media_type::kDockerList;
    if (options.format || options.preserve_digests || !layout || !docker) return options.format;
    return ManifestFormat::oci;
}

/// Docker's archive is what docker's format asks for, so that one may be named.
void require_no_manifest(const Place& to, std::optional<ManifestFormat> format, bool preserve_digests) {
    if (format == ManifestFormat::oci || preserve_digests)
        throw Error("copy to '{}': a docker archive has no manifest", to.str());
}

oci::Digest copy_to_docker_archive(CopySource& source, const RawManifest& manifest, const Place& to,
                                   Staging& staging, const Progress& progress) {
    if (std::holds_alternative<oci::Index>(manifest.parsed))
        throw Error("copy to '{}': a docker archive holds no indexes", to.str());
    write_docker_archive(source, manifest, *to.files, staging.scratch(), progress);
    return manifest.digest();
}

/// The manifest with which the image came, where the target has all of its blobs.
std::optional<RawManifest> find_at_target(const ImageStore& store, const Image& image, CopyTarget& target) {
    for (auto& [text, manifest] : source_manifests(store, image)) {
        bool all = manifest.config.digest == image.id && target.has_blob(manifest.config, nullptr);
        for (const auto& layer : manifest.layers) all = all && target.has_blob(layer, nullptr);
        if (all) return RawManifest::parse(text, {}, "the image's manifest");
    }
    return std::nullopt;
}

oci::Digest store_to_files(const ImageStore& store, const Image& image, const Place& to,
                           const PushOptions& options, const Progress& progress) {
    Staging staging(store);
    if (is_docker_archive(to)) {
        if (options.compression) throw Error("push to '{}': its layers are never compressed", to.str());
        require_no_manifest(to, options.format, options.preserve_digests);
        const auto source = open_stored(store, image, staging, Compression::none, ManifestFormat::v2s2);
        return copy_to_docker_archive(*source, source->manifest(), to, staging, progress);
    }
    const auto target = open_target(to, options.client);
    const auto manifest = send_stored(store, image, to, *target, staging, options, progress);
    progress("Writing manifest to image destination");
    target->finish(manifest);
    return manifest.digest();
}

}  // namespace

RawManifest send_stored(const ImageStore& store, const Image& image, const Place& to, CopyTarget& target,
                        Staging& staging, const PushOptions& options, const Progress& progress) {
    const bool plain = to.files->transport == Transport::dir;
    const auto compression = options.compression.value_or(plain ? Compression::none : Compression::gzip);
    const auto format = options.format.value_or(ManifestFormat::oci);
    if (format == ManifestFormat::v2s2 && compression == Compression::zstd)
        throw Error("docker's manifest format knows no zstd layers");
    if (!options.format && !options.compression) {
        if (auto there = find_at_target(store, image, target)) return *std::move(there);
    }
    if (options.preserve_digests) {
        throw Error("copy to '{}': the digest would change: the store keeps layers uncompressed", to.str())
            .with_hint("leave out --preserve-digests, or copy from where the image came");
    }
    const auto source = open_stored(store, image, staging, compression, format);
    return Copier(target, std::nullopt, false, progress).send_image(*source, source->manifest());
}

oci::Digest copy_stored(const ImageStore& store, const Image& image, const Place& to,
                        const PushOptions& options, const Progress& progress) {
    if (to.remote) return push_image(store, image, *to.remote, options, progress).digest;
    return store_to_files(store, image, to, options, progress);
}

oci::Digest copy_image(const ImageStore& store, const Place& from, const Place& to,
                       const CopyOptions& options, const Progress& progress) {
    if (to.stored) return copy_into_store(store, from, to, options, progress);
    if (from.stored) {
        require_accepted(from, options.policy_file);
        const PushOptions push{
            .client = options.to, .format = options.format, .preserve_digests = options.preserve_digests};
        const auto found = store.get_any(*from.stored);
        if (found.list && options.all) return push_list(store, found, to, push, true, progress);
        const auto image = found.list ? store.get(*from.stored) : found;
        const auto digest = copy_stored(store, image, to, push, progress);
        const auto& sources = image.sources;
        if (std::find(sources.begin(), sources.end(), digest) == sources.end())
            progress("The store keeps layers uncompressed: the manifest is a new one, " + digest.str());
        return digest;
    }
    require_accepted(from, options.policy_file);
    Staging staging(store);
    const auto source = open_source(from, options.from, staging);
    const auto chosen = options.all ? source->manifest() : choose_image(*source, options.platform);
    progress("Getting image source signatures");
    if (is_docker_archive(to)) {
        require_no_manifest(to, options.format, options.preserve_digests);
        return copy_to_docker_archive(*source, chosen, to, staging, progress);
    }
    const auto target = open_target(to, options.to);
    const auto format = format_for(to, chosen, options);
    if (format != options.format) progress("The layout takes OCI's manifests: the digest changes");
    Copier copier(*target, format, options.preserve_digests, progress);
    const bool is_index = std::holds_alternative<oci::Index>(chosen.parsed);
    const auto sent = is_index ? copier.send_index(*source, chosen) : copier.send_image(*source, chosen);
    progress(is_index ? "Writing manifest list to image destination"
                      : "Writing manifest to image destination");
    target->finish(sent);
    return sent.digest();
}

}  // namespace rpod::image
