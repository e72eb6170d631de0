// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/check.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>

#include "base/error.hh"
#include "base/log.hh"
#include "image/layout.hh"
#include "image/sha256.hh"
#include "oci/manifest.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

/// Looks at blobs, at each once, however many images have it.
class BlobCheck {
  public:
    BlobCheck(const store::Paths& paths, Scrutiny scrutiny) : blobs_(paths.blobs()), scrutiny_(scrutiny) {}

    /// What is wrong with a layer; empty: nothing.
    const std::string& layer(const oci::Digest& digest, uint64_t size) {
        const auto [it, fresh] = known_.try_emplace(digest);
        if (fresh) it->second = judge(digest, size);
        return it->second;
    }

    /// A manifest or a configuration: read in any case. @throws Error that says what is wrong
    std::string small(const oci::Digest& digest, size_t max_bytes) const {
        const auto text = sys::find_file(blobs_ / digest.hex(), max_bytes);
        if (!text) throw Error("is missing");
        if (sha256(*text) != digest) throw Error("has another digest");
        return *text;
    }

  private:
    std::string judge(const oci::Digest& digest, uint64_t size) const {
        const auto fd = sys::find_at(AT_FDCWD, blobs_ / digest.hex(), O_RDONLY | O_NOFOLLOW);
        if (!fd) return "is missing";
        struct stat st {};
        check(::fstat(fd->get(), &st), "stat blob {}", digest.str());
        if (!S_ISREG(st.st_mode)) return "is no file";
        if (static_cast<uint64_t>(st.st_size) != size)
            return fmt::format("has {} bytes instead of {}", st.st_size, size);
        if (scrutiny_ == Scrutiny::full && digest_of(fd->get()) != digest) return "has another digest";
        return {};
    }

    static oci::Digest digest_of(int fd) {
        ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        Sha256 hash;
        std::vector<char> buffer(1 << 20);
        while (const auto n = check(::read(fd, buffer.data(), buffer.size()), "read a blob"))
            hash.update(std::span(buffer.data(), static_cast<size_t>(n)));
        return hash.finish();
    }

    std::filesystem::path blobs_;
    Scrutiny scrutiny_;
    std::map<oci::Digest, std::string> known_;
};

Layout read_layout(const store::Paths& paths) {
    const auto text = sys::find_file(paths.oci() / "index.json");
    return text ? Layout::parse(*text) : Layout();
}

/// Fills in the ID and the damage.
void check_image(BlobCheck& blobs, DamagedImage& image) {
    // What this part of the image is, while it is looked at.
    auto part = "manifest " + image.manifest.str();
    try {
        const auto manifest =
            oci::parse_manifest(blobs.small(image.manifest, oci::kMaxManifestBytes), {}, "text");
        image.id = manifest.config.digest;
        for (const auto& layer : manifest.layers) {
            const auto& problem = blobs.layer(layer.digest, layer.size);
            if (!problem.empty()) image.damage.push_back("layer " + layer.digest.str() + ": " + problem);
        }
        part = "configuration " + manifest.config.digest.str();
        oci::ImageConfig::parse(blobs.small(manifest.config.digest, oci::kMaxConfigBytes));
    } catch (const Error& e) {
        image.damage.push_back(part + ": " + e.what());
    }
}

/// Only itself: its images are looked at as images, or are elsewhere.
void check_list(BlobCheck& blobs, DamagedImage& list) {
    try {
        oci::parse_index(blobs.small(list.manifest, oci::kMaxManifestBytes));
    } catch (const Error& e) {
        list.damage.push_back("manifest list " + list.manifest.str() + ": " + e.what());
    }
}

}  // namespace

std::string DamagedImage::title() const {
    if (!names.empty()) return names.front();
    return id ? id->hex() : manifest.str();
}

std::vector<DamagedImage> check_images(const store::Paths& paths, Scrutiny scrutiny) {
    const auto layout = read_layout(paths);
    BlobCheck blobs(paths, scrutiny);
    std::vector<DamagedImage> damaged;
    for (const auto& descriptor : layout.manifests()) {
        const bool is_list = oci::is_index_type(descriptor.media_type);
        if (!is_list && !oci::is_manifest_type(descriptor.media_type)) continue;
        DamagedImage image{.manifest = descriptor.digest, .id = {}, .names = {}, .damage = {}};
        if (is_list) {
            check_list(blobs, image);
        } else {
            check_image(blobs, image);
        }
        if (image.damage.empty()) continue;
        for (const auto& name : layout.names_of(descriptor.digest)) image.names.push_back(name.str());
        damaged.push_back(std::move(image));
    }
    return damaged;
}

std::vector<DamagedImage> remove_damaged(const ImageStore& store, const std::vector<DamagedImage>& damaged,
                                         const std::function<bool(const oci::Digest& id)>& may_go) {
    for (const auto& broken : damaged) {
        const Image image{.id = broken.id.value_or(broken.manifest),
                          .manifest = broken.manifest,
                          .sources = {},
                          .names = {},
                          .config = {},
                          .layers = {},
                          .found_as = {}};
        try {
            store.remove(image, [&] { return !broken.id || may_go(*broken.id); });
        } catch (const Error& e) {
            // Garbage cannot be told from what is used while a damaged manifest is in index.json: it is
            // collected when the last of them is removed.
            log::debug("image {}: {}", broken.title(), e.what());
        }
    }
    const auto left = read_layout(store.paths()).manifests();
    auto gone = damaged;
    std::erase_if(gone, [&](const DamagedImage& image) {
        return std::any_of(left.begin(), left.end(),
                           [&](const oci::Descriptor& d) { return d.digest == image.manifest; });
    });
    return gone;
}

}  // namespace rpod::image
