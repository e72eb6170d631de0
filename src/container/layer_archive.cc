// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/layer_archive.hh"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/error.hh"
#include "container/root_access.hh"
#include "overlay/extract.hh"
#include "userns/launcher.hh"

namespace rpod::container {
namespace {

/// In the container's user namespace. The directory above the tree is the store's (runtime/private_tree.hh).
void write_difference(const sys::RootedDir& tree, const image::OpenChain& chain, image::TreeOptions options,
                      int out) {
    struct stat above {};
    check(::fstatat(tree.fd(), "..", &above, AT_SYMLINK_NOFOLLOW), "stat the directory of the tree");
    const auto maps = userns::own_maps();
    const image::OriginalTree original(chain.index, chain.blobs,
                                       overlay::visible_owners(maps.uids, maps.gids), above.st_ctim);
    options.original = &original;
    image::write_tree(tree, out, "a pipe", options);
}

}  // namespace

void write_layer(const image::ImageStore& images, const ContainerConfig& config, const image::Image& image,
                 image::TreeOptions options, int out) {
    if (runtime::has_layers(config.storage_driver)) {
        options.upper_layer = true;
        with_container_layer(images.paths(), config.id, [&](const sys::RootedDir& layer) {
            image::write_tree(layer, out, "a pipe", options);
        });
        return;
    }
    const auto chain = images.open_chain(image);
    with_container_layer(images.paths(), config.id,
                         [&](const sys::RootedDir& tree) { write_difference(tree, chain, options, out); });
}

}  // namespace rpod::container
