// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// A layer's compressed form has another digest with every tool and level. So before one is made, those in
// which the layer is known to exist are looked for: the manifests with which images came to the store say
// which.
#include "image/push.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "base/error.hh"
#include "base/log.hh"
#include "image/compressed_layer.hh"
#include "image/parallel.hh"
#include "image/sha256.hh"
#include "registry/registries_conf.hh"
#include "store/temporary.hh"
#include "sys/file.hh"

namespace rpod::image {

std::vector<std::pair<std::string, oci::Manifest>> source_manifests(const ImageStore& store,
                                                                    const Image& image) {
    std::vector<std::pair<std::string, oci::Manifest>> out;
    for (const auto& digest : image.sources) {
        try {
            std::string text = store.read_blob(digest, oci::kMaxManifestBytes);
            const auto parsed = oci::parse_manifest_or_index(text, {}, "manifest " + digest.str());
            const auto* manifest = std::get_if<oci::Manifest>(&parsed);
            if (manifest && manifest->layers.size() == image.layers.size())
                out.emplace_back(std::move(text), *manifest);
        } catch (const Error& e) {
            log::debug("{}", e.what());
        }
    }
    return out;
}

namespace {

/// A compressed form of a layer, and a repository that has it.
struct KnownForm {
    oci::Descriptor descriptor;
    std::string registry;
    std::string repository;
};

/// What all images of the store tell, by diff ID.
std::multimap<oci::Digest, KnownForm> known_forms(const ImageStore& store) {
    std::multimap<oci::Digest, KnownForm> out;
    for (const auto& image : store.list()) {
        for (const auto& [text, manifest] : source_manifests(store, image)) {
            for (size_t i = 0; i < manifest.layers.size(); ++i) {
                KnownForm form{.descriptor = manifest.layers[i], .registry = {}, .repository = {}};
                form.descriptor.annotations.clear();
                if (!image.names.empty()) {
                    form.registry = image.names.front().domain();
                    form.repository = image.names.front().path();
                }
                out.emplace(image.layers[i].diff_id, std::move(form));
            }
        }
    }
    return out;
}

/// One push under way.
class Push {
  public:
    Push(const ImageStore& store, const Image& image, registry::Client& client, const oci::Reference& to,
         const PushOptions& options, const Progress& progress)
        : store_(store),
          image_(image),
          client_(client),
          to_(to),
          options_(options),
          progress_(progress),
          sources_(source_manifests(store, image)),
          known_(known_forms(store)),
          scratch_(make_scratch()),
          format_(choose_format()) {}

    oci::Descriptor run() {
        std::vector<oci::Descriptor> layers(image_.layers.size(), placeholder());
        run_parallel(layers.size(), [&](size_t i) { layers[i] = send_layer(image_.layers[i]); });
        const std::string config = store_.read_blob(image_.id, oci::kMaxConfigBytes);
        progress_once("Copying config " + image_.id.str());
        send_config(config);
        const auto [text, type] = make_manifest(config.size(), layers);
        const auto digest = sha256(text);
        if (to_.digest() && *to_.digest() != digest) {
            throw Error("the manifest's digest is {} and not that of '{}'", digest.str(), to_.str());
        }
        progress_("Writing manifest to image destination");
        const bool by_digest = to_.digest() || options_.by_digest;
        client_.put_manifest(by_digest ? digest.str() : to_.tag().value_or("latest"), text, type);
        progress_("Storing signatures");
        return {.media_type = type, .digest = digest, .size = text.size()};
    }

  private:
    Error cannot_preserve() const {
        return Error(
                   "push '{}': the digest would change: the store keeps layers uncompressed, and the "
                   "registry "
                   "does not have them all as they came",
                   to_.str())
            .with_hint("leave out --preserve-digests, or copy from where the image came");
    }

    oci::Descriptor placeholder() const { return {.media_type = {}, .digest = image_.id}; }

    store::TemporaryDir make_scratch() const {
        const auto lock = store::StoreLock::acquire(store_.paths(), sys::LockKind::shared);
        return store::TemporaryDir(store_.paths().oci(), lock);
    }

    ManifestFormat choose_format() const {
        const bool docker =
            !sources_.empty() && sources_.front().second.media_type == oci::media_type::kDockerManifest;
        const auto format = options_.format.value_or(docker ? ManifestFormat::v2s2 : ManifestFormat::oci);
        if (format == ManifestFormat::v2s2 && options_.compression == Compression::zstd) {
            if (options_.format) throw Error("docker's manifest format knows no zstd layers");
            return ManifestFormat::oci;
        }
        return format;
    }

    void progress_once(const std::string& line) {
        const std::lock_guard guard(mutex_);
        progress_(line);
    }

    bool may_use(const KnownForm& form) const {
        const auto compression = compression_of(form.descriptor);
        if (options_.level) return false;
        if (format_ == ManifestFormat::v2s2 && compression == Compression::zstd) return false;
        return !options_.compression || *options_.compression == compression;
    }

    oci::Descriptor send_layer(const StoredLayer& layer) {
        if (auto there = find_at_target(layer)) return *std::move(there);
        if (options_.preserve_digests) throw cannot_preserve();
        progress_once("Copying blob " + layer.diff_id.str());
        return compress_and_send(layer);
    }

    /// A form that the registry has in this repository, or gives it from another.
    std::optional<oci::Descriptor> find_at_target(const StoredLayer& layer) {
        std::set<oci::Digest> tried;
        const auto [begin, end] = known_.equal_range(layer.diff_id);
        for (auto it = begin; it != end; ++it) {
            const auto& form = it->second;
            if (!may_use(form) || !tried.insert(form.descriptor.digest).second) continue;
            if (!client_.has_blob(form.descriptor.digest) && !can_mount(form)) continue;
            progress_once(
                fmt::format("Copying blob {} skipped: already exists", form.descriptor.digest.str()));
            return oci::Descriptor{.media_type = layer_type(format_, compression_of(form.descriptor)),
                                   .digest = form.descriptor.digest,
                                   .size = form.descriptor.size};
        }
        return std::nullopt;
    }

    bool can_mount(const KnownForm& form) {
        if (form.registry != to_.domain() || form.repository.empty() || form.repository == to_.path())
            return false;
        try {
            return client_.mount_blob(form.descriptor.digest, form.repository);
        } catch (const Error& e) {
            // Not ours to read, say.
            log::debug("{}", e.what());
            return false;
        }
    }

    oci::Descriptor compress_and_send(const StoredLayer& layer) {
        const Compression compression = options_.compression.value_or(Compression::gzip);
        const sys::Fd tar = sys::open_file(store_.paths().blobs() / layer.diff_id.hex(), O_RDONLY);
        const auto blob =
            compress_layer(tar.get(), layer.diff_id, compression, options_.level, scratch_.fd());
        const oci::Descriptor descriptor{
            .media_type = layer_type(format_, compression), .digest = blob.digest, .size = blob.size};
        send_file(descriptor, blob.file.get());
        return descriptor;
    }

    void send_file(const oci::Descriptor& blob, int fd) {
        if (client_.has_blob(blob.digest)) return;
        client_.upload({.digest = blob.digest, .size = blob.size, .open = [fd] {
                            auto source = std::make_shared<FileSource>(fd, "a compressed layer");
                            return [source](std::span<char> into) { return source->read(into); };
                        }});
    }

    void send_config(const std::string& config) {
        if (client_.has_blob(image_.id)) return;
        client_.upload({.digest = image_.id, .size = config.size(), .open = [&config] {
                            auto source = std::make_shared<MemorySource>(config);
                            return [source](std::span<char> into) { return source->read(into); };
                        }});
    }

    /// Its text and media type.
    std::pair<std::string, std::string> make_manifest(uint64_t config_size,
                                                      const std::vector<oci::Descriptor>& layers) const {
        const bool oci_format = format_ == ManifestFormat::oci;
        const std::string type(oci_format ? oci::media_type::kManifest : oci::media_type::kDockerManifest);
        for (const auto& [text, manifest] : sources_) {
            const bool same =
                std::equal(layers.begin(), layers.end(), manifest.layers.begin(), manifest.layers.end(),
                           [](const auto& a, const auto& b) { return a.digest == b.digest; });
            if (same && manifest.media_type == type && manifest.config.digest == image_.id)
                return {text, type};
        }
        if (options_.preserve_digests) throw cannot_preserve();
        const oci::Manifest manifest{
            .media_type = type,
            .config = {.media_type = std::string(oci_format ? oci::media_type::kConfig
                                                            : oci::media_type::kDockerConfig),
                       .digest = image_.id,
                       .size = config_size},
            .layers = layers};
        return {oci::to_json(manifest), type};
    }

    const ImageStore& store_;
    const Image& image_;
    registry::Client& client_;
    const oci::Reference to_;
    const PushOptions& options_;
    const Progress& progress_;
    const std::vector<std::pair<std::string, oci::Manifest>> sources_;
    const std::multimap<oci::Digest, KnownForm> known_;
    const store::TemporaryDir scratch_;
    const ManifestFormat format_;
    std::mutex mutex_;
};

}  // namespace

oci::Descriptor push_image(const ImageStore& store, const Image& image, const oci::Reference& to,
                           const PushOptions& options, const Progress& progress) {
    const auto conf = registry::RegistriesConf::load();
    const auto wanted = to.digest() ? to.with_digest(*to.digest()) : to.with_default_tag();
    // Mirrors are for reading: the last place is the registry itself.
    const auto place = conf.places(wanted).back();
    PushOptions there = options;
    if (!there.client.tls_verify && place.insecure) there.client.tls_verify = false;
    registry::Client client(place.name.domain(), place.name.path(), there.client);
    progress("Getting image source signatures");
    return Push(store, image, client, place.name, there, progress).run();
}

}  // namespace rpod::image
