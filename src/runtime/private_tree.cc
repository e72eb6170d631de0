// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/private_tree.hh"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.hh"
#include "overlay/extract.hh"
#include "sys/file.hh"

namespace rpod::runtime {
namespace {

constexpr const char* kMaking = "making";

}  // namespace

sys::Fd open_private_tree(int dir, const ImageRoot& image, const userns::PodMaps& maps, bool sync) {
    const auto tree = sys::open_at(dir, kTreeDir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (auto root = sys::find_at(tree.get(), kTreeRoot, O_PATH | O_DIRECTORY | O_NOFOLLOW))
        return std::move(*root);
    in_context(
        [&] {
            for (const auto& name : sys::list_dir(tree.get())) sys::remove_tree_at(tree.get(), name);
            overlay::extract(image.index, image.blobs, overlay::visible_owners(maps.uids, maps.gids),
                             tree.get(), kMaking);
            // Or a power failure could leave the name with empty files.
            if (sync) check(::syncfs(tree.get()), "write to the disk");
            check(::renameat(tree.get(), kMaking, tree.get(), kTreeRoot), "rename '{}'", kMaking);
        },
        "unpack the image for the container");
    return sys::open_at(tree.get(), kTreeRoot, O_PATH | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace rpod::runtime
