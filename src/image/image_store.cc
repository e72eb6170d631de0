// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/image_store.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "image/chain.hh"
#include "image/sha256.hh"
#include "image/unpacked.hh"
#include "store/temporary.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

constexpr std::string_view kLayoutFile = "{\"imageLayoutVersion\":\"1.0.0\"}";
constexpr size_t kMaxIndexBytes = 16 << 20;

bool is_there(const std::filesystem::path& path) { return ::access(path.c_str(), F_OK) == 0; }

/// The store's own form: every layer a plain tar, as many as the configuration says, under its diff ID.
bool is_stored_form(const oci::Manifest& manifest, const oci::ImageConfig& config) {
    if (manifest.layers.size() != config.diff_ids.size()) return false;
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
        if (manifest.layers[i].media_type != oci::media_type::kLayerTar) return false;
        if (manifest.layers[i].digest != config.diff_ids[i]) return false;
    }
    return true;
}

}  // namespace

uint64_t Image::size() const {
    uint64_t total = list_size;
    for (const auto& layer : layers) total += layer.size;
    return total;
}

std::vector<std::string> Image::repo_digests() const {
    std::vector<std::string> out;
    std::set<std::string> repositories;
    for (const auto& name : names) repositories.insert(name.repository());
    for (const auto& repository : repositories) {
        if (sources.empty()) out.push_back(repository + "@" + manifest.str());
        for (const auto& source : sources) out.push_back(repository + "@" + source.str());
    }
    return out;
}

ImageStore::ImageStore(store::Paths paths) : paths_(std::move(paths)) {
    store::open_root(paths_);
    make_layout();
    sweep();
}

void ImageStore::make_layout() const {
    if (is_there(paths_.oci() / "index.json")) return;
    const auto lock = store::StoreLock::acquire(paths_, sys::LockKind::exclusive);
    if (is_there(paths_.oci() / "index.json")) return;
    sys::make_dirs(paths_.blobs());
    sys::make_dirs(paths_.chain_indexes());
    sys::replace_file(paths_.oci() / "oci-layout", kLayoutFile, 0600, sys::Sync::no);
    sys::replace_file(paths_.oci() / "index.json", Layout().to_json(), 0600, sys::Sync::no);
}

void ImageStore::sweep() const {
    const bool unfinished = is_there(unfinished_mark());
    if (!unfinished && !store::has_temporaries(paths_.oci()) &&
        !store::has_temporaries(paths_.chain_indexes()))
        return;
    // Whoever holds it may be the one whose traces were seen; the next command looks again.
    const auto lock = store::StoreLock::try_acquire(paths_, sys::LockKind::exclusive);
    if (!lock) return;
    store::sweep(paths_.oci(), *lock);
    store::sweep(paths_.chain_indexes(), *lock);
    if (is_there(unfinished_mark())) collect_garbage(*lock);
}

Layout ImageStore::read_layout() const {
    return Layout::parse(sys::read_file(paths_.oci() / "index.json", kMaxIndexBytes));
}

std::string ImageStore::read_blob(const oci::Digest& digest, size_t max_bytes) const {
    std::string text = sys::read_file(paths_.blobs() / digest.hex(), max_bytes);
    if (sha256(text) != digest) {
        throw Error("blob {} in '{}' is damaged", digest.str(), paths_.blobs().native())
            .with_hint("remove the image and load or pull it again");
    }
    return text;
}

bool ImageStore::has_blob(const oci::Digest& digest) const { return is_there(paths_.blobs() / digest.hex()); }

std::optional<Image> ImageStore::load(const Layout& layout, const oci::Descriptor& descriptor) const {
    if (oci::is_index_type(descriptor.media_type)) return load_list(layout, descriptor);
    const std::string what = "manifest " + descriptor.digest.str();
    if (!oci::is_manifest_type(descriptor.media_type)) return std::nullopt;
    const auto manifest = oci::parse_manifest(read_blob(descriptor.digest, oci::kMaxManifestBytes), {}, what);
    auto config = oci::ImageConfig::parse(read_blob(manifest.config.digest, oci::kMaxConfigBytes));
    if (!is_stored_form(manifest, config)) {
        log::debug("index.json names {}, whose layers are not plain tars: not an image of rpod", what);
        return std::nullopt;
    }
    Image image{.id = manifest.config.digest,
                .manifest = descriptor.digest,
                .sources = layout.sources_of(descriptor.digest),
                .names = layout.names_of(descriptor.digest),
                .config = std::move(config),
                .layers = {},
                .found_as = {}};
    for (const auto& layer : manifest.layers) {
        image.layers.push_back(StoredLayer{.diff_id = layer.digest, .size = layer.size});
    }
    return image;
}

std::vector<Image> ImageStore::load_all(Kind kind) const {
    const Layout layout = read_layout();
    std::vector<Image> images;
    for (const auto& manifest : layout.manifests()) {
        const auto its = oci::is_index_type(manifest.media_type) ? Kind::lists : Kind::images;
        if (kind != Kind::all && kind != its) continue;
        try {
            if (auto image = load(layout, manifest)) images.push_back(*std::move(image));
        } catch (const SysError& e) {
            // Removed by another command since index.json was read.
            if (!e.is(ENOENT)) throw;
        } catch (const Error& e) {
            log::warn("an image of the store is left out: {}", e.what());
        }
    }
    return images;
}

std::vector<Image> ImageStore::list() const { return load_all(Kind::images); }

std::vector<Image> ImageStore::lists() const { return load_all(Kind::lists); }

std::vector<sys::Fd> ImageStore::open_layers(const Image& image) const {
    std::vector<sys::Fd> blobs;
    for (const auto& layer : image.layers) {
        const auto path = paths_.blobs() / layer.diff_id.hex();
        auto fd = sys::find_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
        struct stat st {};
        if (fd) check(::fstat(fd->get(), &st), "stat '{}'", path.native());
        // A machine that crashed soon after a load may have lost data that was not on disk yet.
        if (!fd || static_cast<uint64_t>(st.st_size) != layer.size) {
            throw Error("layer {} of image {} is {}", layer.diff_id.str(), image.id.short_hex(),
                        fd ? "incomplete" : "missing")
                .with_hint("remove the image and load or pull it again");
        }
        blobs.push_back(std::move(*fd));
    }
    return blobs;
}

OpenChain ImageStore::open_chain(const Image& image) const {
    auto blobs = open_layers(image);
    auto [fd, index] = open_chain_index(paths_, image.layers, blobs);
    return OpenChain{.index_fd = std::move(fd), .index = std::move(index), .blobs = std::move(blobs)};
}

void ImageStore::change_layout(const store::StoreLock& exclusive,
                               const std::function<void(Layout&)>& change) const {
    if (!exclusive.exclusive())
        throw Error("internal error: index.json is changed under the exclusive lock only");
    Layout layout = read_layout();
    change(layout);
    sys::replace_file(paths_.oci() / "index.json", layout.to_json(), 0600, sys::Sync::yes);
}

void ImageStore::tag(const Image& image, const std::vector<oci::Reference>& names) const {
    const auto lock = store::StoreLock::acquire(paths_, sys::LockKind::exclusive);
    change_layout(lock, [&](Layout& layout) {
        const auto manifests = layout.manifests();
        const auto is_it = [&](const oci::Descriptor& d) { return d.digest == image.manifest; };
        if (std::none_of(manifests.begin(), manifests.end(), is_it)) {
            throw Error("image {} was removed meanwhile", image.id.short_hex());
        }
        for (const auto& name : names) layout.set_name(name.with_default_tag(), image.manifest);
    });
}

void ImageStore::untag(const Image& image, const std::vector<oci::Reference>& names) const {
    const auto lock = store::StoreLock::acquire(paths_, sys::LockKind::exclusive);
    change_layout(lock, [&](Layout& layout) {
        for (const auto& name : names.empty() ? layout.names_of(image.manifest) : names) {
            const auto* entry = layout.find(name);
            if (!entry || entry->manifest.digest != image.manifest) {
                throw Error("{}: tag not known", name.str());
            }
            layout.remove_name(name);
        }
    });
}

bool ImageStore::remove(const Image& image, const std::function<bool()>& still_unused) const {
    {
        const auto lock = store::StoreLock::acquire(paths_, sys::LockKind::exclusive);
        if (!still_unused()) return false;
        if (const auto users = lists_with(read_layout(), image); !users.empty()) {
            throw Error("image {} is in use by manifest list {}", image.id.short_hex(), join(users, ", "))
                .with_hint(fmt::format("take it out of the list first: rpod manifest remove {} {}",
                                       users.front(), image.digest().str()));
        }
        begin_change(lock);
        change_layout(lock, [&](Layout& layout) { layout.remove_image(image.manifest); });
        collect_garbage(lock);
    }
    sweep_trees(paths_);
    return true;
}

}  // namespace rpod::image
