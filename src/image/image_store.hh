// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/layout.hh"
#include "oci/digest.hh"
#include "oci/image_config.hh"
#include "oci/reference.hh"
#include "overlay/index.hh"
#include "store/lock.hh"
#include "store/paths.hh"
#include "sys/fd.hh"

namespace rpod::image {

/// A layer as the store keeps it: an uncompressed tar, whose digest is its diff ID.
struct StoredLayer {
    oci::Digest diff_id;
    uint64_t size;
};

/// An image of the store. A value; the image may be removed while somebody holds it.
struct Image {
    oci::Digest id;                     ///< of its configuration
    oci::Digest manifest;               ///< of the manifest in the store, whose layers are uncompressed
    std::vector<oci::Digest> sources;   ///< of the manifests that it came with; may be empty
    std::vector<oci::Reference> names;  ///< each with a tag; may be empty
    oci::ImageConfig config;
    std::vector<StoredLayer> layers;         ///< lowest first
    std::optional<oci::Reference> found_as;  ///< the name by which find() found it; nothing: by ID
    /// Of a manifest list, which has no layers: its content. `id` is one of its own, which stays when it
    /// changes (image/manifest_list.hh).
    std::optional<oci::Index> list{};
    uint64_t list_size = 0;

    uint64_t size() const;
    /// What `images` shows as the digest: the registry's, where it came from one.
    const oci::Digest& digest() const { return sources.empty() ? manifest : sources.front(); }
    /// "repository@digest" for each name and digest.
    std::vector<std::string> repo_digests() const;
};

/// What a container's root file system is served from, all descriptors open: it outlives the removal of the
/// image.
struct OpenChain {
    sys::Fd index_fd;
    overlay::Index index;
    std::vector<sys::Fd> blobs;  ///< layer tars, lowest first
};

/// The images of a store. oci/ is a valid OCI image layout that skopeo, umoci and oras can read:
///
///     oci/oci-layout  oci/index.json            image/layout.hh
///     oci/blobs/sha256/…                        layers (tars), configurations, manifests; also the manifests
///     as they came oci/.tmp-…/                               an image being added (image/staging.hh)
///     oci/.unfinished                           a commit or removal is under way, or its process died: see
///     collect_garbage index/CHAINID                             the chain index of the layers, a cache
///     (overlay/index_format.hh)
///
/// Reading takes no lock: index.json is replaced atomically, blobs never change. Writing holds the store lock
/// for the moment in which index.json and the blobs are brought together.
class ImageStore {
  public:
    /// Makes the layout where there is none; sweeps what processes that died left behind.
    explicit ImageStore(store::Paths paths);

    const store::Paths& paths() const noexcept { return paths_; }

    /// All images, in the order of index.json. Entries of other tools whose layers are not plain tars are
    /// left out.
    std::vector<Image> list() const;
    /// All manifest lists, likewise.
    std::vector<Image> lists() const;
    /// As podman reads a name: a full ID or "sha256:…" is an ID; then NAME[:TAG][@DIGEST] as localhost/NAME,
    /// as docker.io/library/NAME; then the front of an ID; then the end of a repository's path.
    /// Where it is a manifest list, this machine's image of it.
    /// @throws Error where it means several images, or the list has none that is here
    std::optional<Image> find(std::string_view name) const;
    /// The same, but a manifest list itself.
    std::optional<Image> find_any(std::string_view name) const;
    /// @throws Error "NAME: image not known"
    Image get(std::string_view name) const;
    Image get_any(std::string_view name) const;
    /// The image that is stored or came under this digest of a manifest.
    std::optional<Image> find_manifest(const oci::Digest& digest) const;

    /// The layers alone, the lowest first. @throws Error where one is missing or has another size than it
    /// should
    std::vector<sys::Fd> open_layers(const Image& image) const;

    /// The index is built again where it is missing, stale or damaged. @throws Error as open_layers
    OpenChain open_chain(const Image& image) const;

    /// A small blob (a manifest, a configuration), its digest checked.
    std::string read_blob(const oci::Digest& digest, size_t max_bytes) const;
    bool has_blob(const oci::Digest& digest) const;

    void tag(const Image& image, const std::vector<oci::Reference>& names) const;
    /// Takes names away (the image stays), all where `names` is empty. @throws Error where it has not that
    /// name
    void untag(const Image& image, const std::vector<oci::Reference>& names) const;
    /// Removes the image with all its names, and the blobs that no other image has. `still_unused` is asked
    /// under the store lock, under which containers are made too; where it says no, nothing is done and false
    /// is returned. In a command: what was unpacked of it is removed by another process.
    /// @throws Error where a manifest list has it
    bool remove(const Image& image, const std::function<bool()>& still_unused) const;

    /// Adds a manifest list, whose index says its ID. @throws Error where a list or an image has the name
    Image add_list(const oci::Index& index, const oci::Reference& name) const;
    /// Replaces the content of a list by what `change` makes of it as it is now. @throws Error where it was
    /// removed meanwhile
    Image change_list(const Image& list, const std::function<void(oci::Index&)>& change) const;
    /// The lists that have the image, by a name or else the ID.
    std::vector<std::string> lists_with(const Image& image) const;

  private:
    friend class Staging;
    Layout read_layout() const;
    /// Replaces index.json under the exclusive lock with what `change` makes of it.
    void change_layout(const store::StoreLock& exclusive, const std::function<void(Layout&)>& change) const;
    /// An image, or a list where it is an index.
    std::optional<Image> load(const Layout& layout, const oci::Descriptor& manifest) const;
    Image load_list(const Layout& layout, const oci::Descriptor& index) const;
    enum class Kind { images, lists, all };
    std::vector<Image> load_all(Kind kind = Kind::all) const;
    std::optional<Image> find_manifest(const Layout& layout, const oci::Digest& digest) const;
    /// This machine's image of a list. @throws Error where there is none
    Image choose_image(const Layout& layout, const Image& list) const;
    std::vector<std::string> lists_with(const Layout& layout, const Image& image) const;
    /// Writes the blob. @return what index.json says of it
    oci::Descriptor write_index(const oci::Index& index) const;
    void make_layout() const;
    void sweep() const;
    /// Between these two, blobs and index.json may disagree. A process that dies there leaves a mark, and the
    /// next command collects the garbage.
    void begin_change(const store::StoreLock& exclusive) const;
    void end_change() const;
    /// Removes the blobs and chain indexes that no image in index.json has, and ends the change.
    void collect_garbage(const store::StoreLock& exclusive) const;

    std::filesystem::path unfinished_mark() const { return paths_.oci() / ".unfinished"; }

    store::Paths paths_;
};

}  // namespace rpod::image
