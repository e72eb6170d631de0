// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// A manifest list on its way out: its images, wherever they are, then the index with the digests that they
// have there.
#include "base/error.hh"
#include "image/copy.hh"
#include "image/manifest_list.hh"

namespace rpod::image {
namespace {

class ListPush {
  public:
    ListPush(const ImageStore& store, const Place& to, const PushOptions& options, const Progress& progress)
        : store_(store),
          to_(to),
          options_(options),
          progress_(progress),
          staging_(store),
          target_(open_target(to, options.client)),
          copier_(*target_, options.format, options.preserve_digests, progress) {}

    /// Sends an image. @return what the index says of it then
    void send(oci::Descriptor& entry) {
        const std::string source = list_source(entry);
        const auto sent = source.empty() ? send_own(entry) : send_remote(entry, source);
        if (options_.preserve_digests && sent.digest != entry.digest) {
            throw Error("push to '{}': the digest of {} would change", to_.str(), entry.digest.str())
                .with_hint("leave out --preserve-digests, or copy the list from where it came");
        }
        entry.media_type = sent.media_type;
        entry.digest = sent.digest;
        entry.size = sent.size;
    }

    oci::Digest finish(const oci::Index& list) {
        std::optional<ListFormat> format;
        if (options_.format)
            format = *options_.format == ManifestFormat::oci ? ListFormat::oci : ListFormat::docker;
        const auto index =
            RawManifest::parse(oci::to_json(public_list(list, format)), {}, "the manifest list");
        progress_("Writing manifest list to image destination");
        target_->finish(index);
        progress_("Storing list signatures");
        return index.digest();
    }

  private:
    oci::Descriptor send_own(const oci::Descriptor& entry) {
        const auto image = store_.find_manifest(entry.digest);
        if (!image || image->list)
            throw Error("image {} of the list is not in the store", entry.digest.str());
        if (to_.remote) {
            PushOptions options = options_;
            options.by_digest = true;
            const auto repository = oci::Reference::parse(to_.remote->repository());
            return push_image(store_, *image, repository, options, progress_);
        }
        return put(send_stored(store_, *image, to_, *target_, staging_, options_, progress_));
    }

    oci::Descriptor send_remote(const oci::Descriptor& entry, const std::string& text) {
        const auto source = open_source(Place::require(text), options_.client, staging_);
        auto manifest = source->manifest();
        if (manifest.digest() != entry.digest) manifest = source->manifest(entry);
        if (!std::holds_alternative<oci::Manifest>(manifest.parsed)) throw Error("'{}' is no image", text);
        return put(copier_.send_image(*source, manifest));
    }

    oci::Descriptor put(const RawManifest& manifest) {
        target_->put_manifest(manifest);
        return {
            .media_type = manifest.media_type, .digest = manifest.digest(), .size = manifest.bytes.size()};
    }

    const ImageStore& store_;
    const Place& to_;
    const PushOptions& options_;
    const Progress& progress_;
    Staging staging_;
    std::unique_ptr<CopyTarget> target_;
    Copier copier_;
};

}  // namespace

oci::Digest push_list(const ImageStore& store, const Image& list, const Place& to, const PushOptions& options,
                      bool all, const Progress& progress) {
    if (to.stored) throw Error("push to '{}': the list is in the store already", to.str());
    if (to.files && to.files->transport == Transport::docker_archive)
        throw Error("push to '{}': a docker archive holds no manifest lists", to.str());
    ListPush push(store, to, options, progress);
    progress("Getting image list signatures");
    oci::Index index = *list.list;
    const size_t count = index.manifests.size();
    progress(fmt::format("Copying {} of {} images in list", all ? count : 0, count));
    for (size_t i = 0; all && i < count; ++i) {
        progress(fmt::format("Copying image {} ({}/{})", index.manifests[i].digest.str(), i + 1, count));
        push.send(index.manifests[i]);
    }
    return push.finish(index);
}

}  // namespace rpod::image
