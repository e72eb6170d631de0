// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Changes of the store that a dying process may leave half-made, and how they are ended:
// ImageStore::collect_garbage.
#include <unistd.h>

#include <set>

#include "base/error.hh"
#include "image/chain.hh"
#include "image/image_store.hh"
#include "image/unpacked.hh"
#include "sys/file.hh"

namespace rpod::image {
void ImageStore::begin_change(const store::StoreLock&) const {
    sys::open_file(unfinished_mark(), O_WRONLY | O_CREAT, 0600);
}

namespace {

/// What the garbage collection keeps: file names in blobs/sha256 and in index/.
struct InUse {
    std::set<std::string> blobs;
    std::set<std::string> chains;
};

/// Adds a manifest, or an index of another tool, and all that it names.
void add_used(const std::filesystem::path& blobs, const oci::Digest& digest, InUse& used, int depth = 0) {
    used.blobs.insert(digest.hex());
    const auto text = sys::find_file(blobs / digest.hex(), oci::kMaxManifestBytes);
    if (!text) return;
    const auto parsed = oci::parse_manifest_or_index(*text, {}, "manifest " + digest.str());
    if (const auto* index = std::get_if<oci::Index>(&parsed)) {
        if (depth >= oci::kMaxIndexDepth)
            throw Error("indexes are nested deeper than {} levels", oci::kMaxIndexDepth);
        for (const auto& child : index->manifests) add_used(blobs, child.digest, used, depth + 1);
        return;
    }
    const auto& manifest = std::get<oci::Manifest>(parsed);
    used.blobs.insert(manifest.config.digest.hex());
    std::vector<oci::Digest> layers;
    for (const auto& layer : manifest.layers) {
        used.blobs.insert(layer.digest.hex());
        layers.push_back(layer.digest);
    }
    used.chains.insert(chain_id(layers).hex());
}

void remove_others(const std::filesystem::path& path, const std::set<std::string>& keep, bool temporaries) {
    const sys::Fd dir = sys::open_file(path, O_RDONLY | O_DIRECTORY);
    for (const auto& name : sys::list_dir(dir.get())) {
        if (keep.contains(name) || (!temporaries && name.starts_with(".tmp-"))) continue;
        sys::remove_tree_at(dir.get(), name);
    }
}

}  // namespace

void ImageStore::collect_garbage(const store::StoreLock& exclusive) const {
    if (!exclusive.exclusive())
        throw Error("internal error: garbage is collected under the exclusive lock only");
    InUse used;
    const Layout layout = read_layout();
    for (const auto& entry : layout.entries()) {
        for (const auto& source : entry.sources) used.blobs.insert(source.hex());
        add_used(paths_.blobs(), entry.manifest.digest, used);
    }
    // In blobs/ only the holder of the lock writes; in index/ others may.
    remove_others(paths_.blobs(), used.blobs, true);
    remove_others(paths_.chain_indexes(), used.chains, false);
    withdraw_trees(paths_, used.chains, exclusive);
    end_change();
}

void ImageStore::end_change() const {
    const auto marker = unfinished_mark();
    if (::unlink(marker.c_str()) < 0 && errno != ENOENT)
        throw SysError(errno, "remove '{}'", marker.native());
}

}  // namespace rpod::image
