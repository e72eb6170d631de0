// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "image/image_store.hh"
#include "store/lock.hh"
#include "store/paths.hh"

/// The trees of images, unpacked for where FUSE cannot show them (runtime::StorageDriver::unpacked), one for
/// all containers of an image and for all images of the same layers:
///
///     trees/CHAINID/root    what is in the image, as files with the IDs of the session user namespace
///     trees/CHAINID/maps    the maps of that namespace when they were made
///     trees/.tmp-…          being made, or to be removed
///     trees.lock            held by who makes or removes one, as long as that takes
///
/// The files belong to subordinate IDs, so all work on them is done by processes in the session.
namespace rpod::image {

/// The name of an image's tree in trees/: its chain ID, in hex.
std::string tree_name(const Image& image);
/// Where the tree of an image is, or would be.
std::filesystem::path tree_path(const store::Paths& paths, const Image& image);

/// The tree of the chain, made where it is missing. In a command: forks, and waits for who makes it.
/// @throws Error with the reason why it cannot be made
void unpack_tree(const store::Paths& paths, const Image& image, const OpenChain& chain);

/// Takes the trees of all chains but these out of the way; sweep_trees then removes them.
/// @param chains  chain IDs, in hex
void withdraw_trees(const store::Paths& paths, const std::set<std::string>& chains, const store::StoreLock&);

/// Removes what was withdrawn, and what processes that died left half-made. In a command: forks where there
/// is something. Never waits for others, who do the same.
void sweep_trees(const store::Paths& paths);

}  // namespace rpod::image
