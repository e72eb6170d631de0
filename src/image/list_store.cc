// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Manifest lists in the store: an index among the blobs and in index.json, as an image's manifest is one.
// What makes it a list of ours are its annotations (image/manifest_list.hh).
#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "image/image_store.hh"
#include "image/manifest_list.hh"
#include "image/sha256.hh"
#include "sys/file.hh"

namespace rpod::image {

Image ImageStore::load_list(const Layout& layout, const oci::Descriptor& descriptor) const {
    const std::string what = "manifest list " + descriptor.digest.str();
    const std::string text = read_blob(descriptor.digest, oci::kMaxManifestBytes);
    auto index = oci::parse_index(text, descriptor.media_type, what);
    oci::ImageConfig config;
    config.created = list_created(index);
    return Image{.id = list_id(index).value_or(descriptor.digest),
                 .manifest = descriptor.digest,
                 .sources = {},
                 .names = layout.names_of(descriptor.digest),
                 .config = std::move(config),
                 .layers = {},
                 .found_as = {},
                 .list = std::move(index),
                 .list_size = text.size()};
}

oci::Descriptor ImageStore::write_index(const oci::Index& index) const {
    const std::string text = oci::to_json(index);
    if (text.size() > oci::kMaxManifestBytes || index.manifests.size() > oci::kMaxIndexEntries)
        throw Error("the manifest list would be larger than any registry takes");
    const auto digest = sha256(text);
    const sys::Fd dir = sys::open_file(paths_.blobs(), O_RDONLY | O_DIRECTORY);
    sys::replace_file_at(dir.get(), digest.hex(), text, 0600, sys::Sync::no);
    return {.media_type = index.media_type, .digest = digest, .size = text.size()};
}

Image ImageStore::add_list(const oci::Index& index, const oci::Reference& name) const {
    const auto lock = store::StoreLock::acquire(paths_, sys::LockKind::exclusive);
    const Layout before = read_layout();
    if (const auto* entry = before.find(name)) {
        const auto there = load(before, entry->manifest);
        throw Error("image name \"{}\" is already associated with image \"{}\": that name is already in use",
                    name.str(), there ? there->id.hex() : entry->manifest.digest.str())
            .with_hint("--amend adds to a list that is there");
    }
    begin_change(lock);
    const auto descriptor = write_index(index);
    change_layout(lock, [&](Layout& layout) {
        layout.add(descriptor, {});
        layout.set_name(name, descriptor.digest);
    });
    end_change();
    return load_list(read_layout(), descriptor);
}

Image ImageStore::change_list(const Image& list, const std::function<void(oci::Index&)>& change) const {
    const auto lock = store::StoreLock::acquire(paths_, sys::LockKind::exclusive);
    // Another command may have changed it since it was looked up: it is found again by its ID.
    const auto now = lists();
    const auto it = std::find_if(now.begin(), now.end(), [&](const Image& l) { return l.id == list.id; });
    if (it == now.end()) throw Error("manifest list {} was removed meanwhile", list.id.short_hex());
    auto index = *it->list;
    change(index);
    begin_change(lock);
    const auto descriptor = write_index(index);
    change_layout(lock, [&](Layout& layout) { layout.replace(it->manifest, descriptor); });
    collect_garbage(lock);
    auto changed = load_list(read_layout(), descriptor);
    changed.found_as = list.found_as;
    return changed;
}

std::vector<std::string> ImageStore::lists_with(const Layout& layout, const Image& image) const {
    std::vector<std::string> out;
    const auto is_image = [&](const oci::Descriptor& d) {
        return d.digest == image.manifest ||
               std::find(image.sources.begin(), image.sources.end(), d.digest) != image.sources.end();
    };
    for (const auto& descriptor : layout.manifests()) {
        if (!oci::is_index_type(descriptor.media_type)) continue;
        try {
            const auto list = load_list(layout, descriptor);
            // Another tool's index is none of our business.
            if (!list_id(*list.list)) continue;
            const auto& entries = list.list->manifests;
            const bool has = std::any_of(entries.begin(), entries.end(), [&](const oci::Descriptor& d) {
                return is_image(d) && list_source(d).empty();
            });
            if (has) out.push_back(list.names.empty() ? list.id.short_hex() : list.names.front().str());
        } catch (const Error& e) {
            // A damaged list keeps nothing: `system check` takes it away.
            log::debug("{}", e.what());
        }
    }
    return out;
}

std::vector<std::string> ImageStore::lists_with(const Image& image) const {
    return lists_with(read_layout(), image);
}

}  // namespace rpod::image
