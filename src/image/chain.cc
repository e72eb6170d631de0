// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/chain.hh"

#include <sys/mman.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "image/image_store.hh"
#include "image/layer.hh"
#include "image/sha256.hh"
#include "overlay/index_builder.hh"
#include "store/temporary.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

std::vector<oci::Digest> diff_ids_of(const std::vector<StoredLayer>& layers) {
    std::vector<oci::Digest> out;
    for (const auto& layer : layers) out.push_back(layer.diff_id);
    return out;
}

std::string build_index(const std::vector<StoredLayer>& layers, const std::vector<sys::Fd>& blobs,
                        const overlay::LayerScan* top = nullptr) {
    overlay::IndexBuilder builder;
    for (size_t i = 0; i < layers.size(); ++i) {
        const std::string what = "layer " + layers[i].diff_id.str();
        in_context([&] { builder.add_layer(scan_layer_file(blobs[i].get(), what)); }, "{}", what);
    }
    if (top) builder.add_layer(*top);
    return builder.finish();
}

sys::Fd hold_in_memory(const std::string& index) {
    sys::Fd fd(check(::memfd_create("rpod-index", MFD_CLOEXEC), "create a memory file"));
    sys::write_all(fd.get(), index, "a chain index to memory");
    return fd;
}

sys::Fd put_into_cache(const store::Paths& paths, const std::string& name, const std::string& index) {
    auto file = [&] {
        const auto lock = store::StoreLock::acquire(paths, sys::LockKind::shared);
        return store::TemporaryFile(paths.chain_indexes(), lock);
    }();
    sys::write_all(file.fd(), index, "a chain index");
    file.rename_to(name);
    return sys::open_file(paths.chain_indexes() / name, O_RDONLY);
}

}  // namespace

oci::Digest chain_id(const std::vector<oci::Digest>& diff_ids) {
    if (diff_ids.empty()) return sha256("");
    oci::Digest chain = diff_ids.front();
    for (size_t i = 1; i < diff_ids.size(); ++i) chain = sha256(chain.str() + " " + diff_ids[i].str());
    return chain;
}

std::optional<std::pair<sys::Fd, overlay::Index>> find_chain_index(const store::Paths& paths,
                                                                   const std::vector<StoredLayer>& layers) {
    const auto path = paths.chain_indexes() / chain_id(diff_ids_of(layers)).hex();
    auto fd = sys::find_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    if (!fd) return std::nullopt;
    try {
        auto index = overlay::Index::open(fd->get());
        const auto same_size = [](const StoredLayer& layer, uint64_t size) { return layer.size == size; };
        const auto sizes = index.blob_sizes();
        if (std::equal(layers.begin(), layers.end(), sizes.begin(), sizes.end(), same_size)) {
            return std::pair(std::move(*fd), std::move(index));
        }
        log::debug("'{}' belongs to other layers", path.native());
    } catch (const Error& e) {
        log::debug("'{}': {}", path.native(), e.what());
    }
    return std::nullopt;
}

std::pair<sys::Fd, overlay::Index> open_chain_index(const store::Paths& paths,
                                                    const std::vector<StoredLayer>& layers,
                                                    const std::vector<sys::Fd>& blobs) {
    if (auto found = find_chain_index(paths, layers)) return std::move(*found);
    const std::string name = chain_id(diff_ids_of(layers)).hex();
    log::debug("building the chain index {}", name);
    const std::string text = build_index(layers, blobs);
    sys::Fd fd;
    try {
        fd = put_into_cache(paths, name, text);
    } catch (const SysError& e) {
        log::debug("the chain index is kept in memory: {}", e.what());
        fd = hold_in_memory(text);
    }
    auto index = overlay::Index::open(fd.get());
    return {std::move(fd), std::move(index)};
}

overlay::Index merge_scans(const std::vector<const overlay::LayerScan*>& scans) {
    overlay::IndexBuilder builder;
    for (const auto* scan : scans) builder.add_layer(*scan);
    const auto fd = hold_in_memory(builder.finish());
    return overlay::Index::open(fd.get());
}

overlay::Index merge_layers(const std::vector<StoredLayer>& layers, const std::vector<sys::Fd>& blobs,
                            const overlay::LayerScan* top) {
    const auto fd = hold_in_memory(build_index(layers, blobs, top));
    return overlay::Index::open(fd.get());
}

}  // namespace rpod::image
