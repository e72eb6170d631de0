// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/staging.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/defer.hh"
#include "base/error.hh"
#include "base/log.hh"
#include "image/chain.hh"
#include "image/sha256.hh"
#include "overlay/index_builder.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

store::TemporaryDir make_dir(const ImageStore& store) {
    const auto lock = store::StoreLock::acquire(store.paths(), sys::LockKind::shared);
    return store::TemporaryDir(store.paths().oci(), lock);
}

/// The size of a file; nothing where there is none.
std::optional<uint64_t> size_of(const std::filesystem::path& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode)) return static_cast<uint64_t>(st.st_size);
    return std::nullopt;
}

oci::Descriptor describe(std::string_view media_type, const oci::Digest& digest, uint64_t size) {
    return oci::Descriptor{.media_type = std::string(media_type), .digest = digest, .size = size};
}

}  // namespace

Staging::Staging(const ImageStore& store) : store_(store), dir_(make_dir(store)) {}

StagedLayer Staging::add_layer(ByteSource& source, const LayerExpectation& expected) {
    const std::string name = sys::random_name();
    const sys::Fd fd = sys::open_at(dir_.fd(), name, O_RDWR | O_CREAT | O_EXCL, 0600);
    Defer remove([&] { ::unlinkat(dir_.fd(), name.c_str(), 0); });
    WrittenLayer layer = write_layer(source, fd.get(), expected);
    check(::renameat(dir_.fd(), name.c_str(), dir_.fd(), layer.diff_id.hex().c_str()), "rename a layer");
    remove.dismiss();
    const StagedLayer info{.diff_id = layer.diff_id,
                           .size = layer.size,
                           .source_digest = layer.source_digest,
                           .source_size = layer.source_size};
    const std::lock_guard guard(mutex_);
    layers_.insert_or_assign(info.diff_id, Layer{.info = info, .scan = std::move(layer.scan)});
    return info;
}

std::optional<StagedLayer> Staging::reuse_layer(const oci::Digest& diff_id) {
    const std::lock_guard guard(mutex_);
    if (const auto it = layers_.find(diff_id); it != layers_.end()) return it->second.info;
    const auto source = store_.paths().blobs() / diff_id.hex();
    // A link of our own: the store may drop its one. Where a file system has no links, the layer is read
    // again.
    if (::link(source.c_str(), path_of(diff_id).c_str()) < 0) return std::nullopt;
    const auto size = size_of(path_of(diff_id));
    if (!size) return std::nullopt;
    const StagedLayer info{.diff_id = diff_id, .size = *size};
    layers_.emplace(diff_id, Layer{.info = info, .scan = std::nullopt});
    return info;
}

void Staging::keep_layer(const oci::Digest& diff_id) const {
    const auto target = store_.paths().blobs() / diff_id.hex();
    // Where that fails nothing is lost but the time of the next pull.
    if (::link(path_of(diff_id).c_str(), target.c_str()) < 0 && errno != EEXIST) {
        log::debug("link a layer to '{}': errno {}", target.native(), errno);
    }
}

void Staging::discard_kept() const {
    const auto lock = store::StoreLock::acquire(store_.paths(), sys::LockKind::exclusive);
    store_.collect_garbage(lock);
}

const overlay::LayerScan& Staging::scan_of(Layer& layer) const {
    if (!layer.scan) {
        const sys::Fd fd = sys::open_file(path_of(layer.info.diff_id), O_RDONLY);
        layer.scan = scan_layer_file(fd.get(), "layer " + layer.info.diff_id.str());
    }
    return *layer.scan;
}

oci::Digest Staging::add_blob(std::string bytes) {
    const oci::Digest digest = sha256(bytes);
    const auto same = [&](const Blob& blob) { return blob.digest == digest; };
    if (std::none_of(blobs_.begin(), blobs_.end(), same)) {
        blobs_.push_back(Blob{.digest = digest, .bytes = std::move(bytes)});
    }
    return digest;
}

void Staging::build_chain_index(const std::vector<StoredLayer>& layers) {
    std::vector<oci::Digest> diff_ids;
    for (const auto& layer : layers) diff_ids.push_back(layer.diff_id);
    std::string name = chain_id(diff_ids).hex();
    const auto same = [&](const ChainIndex& index) { return index.name == name; };
    if (std::any_of(indexes_.begin(), indexes_.end(), same) || find_chain_index(store_.paths(), layers))
        return;
    overlay::IndexBuilder builder;
    for (const auto& id : diff_ids) {
        in_context([&] { builder.add_layer(scan_of(layers_.at(id))); }, "layer {}", id.str());
    }
    const std::string text = builder.finish();
    auto file = [&] {
        const auto lock = store::StoreLock::acquire(store_.paths(), sys::LockKind::shared);
        return store::TemporaryFile(store_.paths().chain_indexes(), lock);
    }();
    sys::write_all(file.fd(), text, "a chain index");
    indexes_.push_back(ChainIndex{.name = std::move(name), .file = std::move(file)});
}

oci::Digest Staging::add_image(const NewImage& image) {
    const auto config = oci::ImageConfig::parse(image.config);
    oci::Manifest manifest{
        .media_type = std::string(oci::media_type::kManifest),
        .config = describe(oci::media_type::kConfig, add_blob(image.config), image.config.size()),
        .layers = {}};
    std::vector<StoredLayer> layers;
    for (const auto& diff_id : config.diff_ids) {
        const auto it = layers_.find(diff_id);
        if (it == layers_.end())
            throw Error("the image's configuration names layer {}, which it lacks", diff_id.str());
        layers.push_back(StoredLayer{.diff_id = diff_id, .size = it->second.info.size});
        wanted_.insert(diff_id);
        manifest.layers.push_back(describe(oci::media_type::kLayerTar, diff_id, it->second.info.size));
    }
    build_chain_index(layers);
    const std::string text = oci::to_json(manifest);
    Entry entry{.manifest = describe(oci::media_type::kManifest, add_blob(text), text.size()),
                .sources = {},
                .names = image.names};
    for (const auto& bytes : image.source_manifests) {
        const auto source = add_blob(bytes);
        if (source != entry.manifest.digest) entry.sources.push_back(source);
    }
    entries_.push_back(std::move(entry));
    return manifest.config.digest;
}

void Staging::move_layers() const {
    for (const auto& diff_id : wanted_) {
        const auto target = store_.paths().blobs() / diff_id.hex();
        if (size_of(target) == layers_.at(diff_id).info.size) continue;
        check(::rename(path_of(diff_id).c_str(), target.c_str()), "rename a layer to '{}'", target.native());
    }
}

void Staging::write_blobs() const {
    const sys::Fd dir = sys::open_file(store_.paths().blobs(), O_RDONLY | O_DIRECTORY);
    for (const auto& blob : blobs_) {
        sys::replace_file_at(dir.get(), blob.digest.hex(), blob.bytes, 0600, sys::Sync::no);
    }
}

void Staging::commit() {
    const auto lock = store::StoreLock::acquire(store_.paths(), sys::LockKind::exclusive);
    store_.begin_change(lock);
    try {
        move_layers();
        write_blobs();
        for (auto& index : indexes_) index.file.rename_to(index.name);
        store_.change_layout(lock, [&](Layout& layout) {
            for (const auto& entry : entries_) {
                layout.add(entry.manifest, entry.sources);
                for (const auto& name : entry.names) {
                    layout.set_name(name.with_default_tag(), entry.manifest.digest);
                }
            }
        });
    } catch (...) {
        // The store as it was: index.json still says so.
        try {
            store_.collect_garbage(lock);
        } catch (const Error& e) {
            log::debug("{}; the next command tries again", e.what());
        }
        throw;
    }
    store_.end_change();
}

}  // namespace rpod::image
