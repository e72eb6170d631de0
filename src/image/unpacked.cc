// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/unpacked.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <functional>

#include "base/error.hh"
#include "base/log.hh"
#include "image/chain.hh"
#include "overlay/extract.hh"
#include "store/temporary.hh"
#include "sys/file.hh"
#include "sys/rlimit.hh"
#include "userns/run_in_session.hh"

namespace rpod::image {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemporary = ".tmp-";

fs::path lock_file(const store::Paths& paths) { return paths.root() / "trees.lock"; }

sys::Fd open_lock(const store::Paths& paths) {
    return sys::open_file(lock_file(paths), O_RDWR | O_CREAT, 0600);
}

bool is_there(const fs::path& path) { return ::access(path.c_str(), F_OK) == 0; }

void run_in_session(const store::Paths& paths, const char* role, const std::function<void()>& body) {
    userns::run_in_session({.creation_lock = paths.session_lock(), .holders = paths.session_holders()},
                           {.role = role}, fmt::format("the process {}", role), [&](const sys::Channel&) {
                               // Removing takes one for each level of a tree.
                               sys::raise_open_files();
                               body();
                               return 0;
                           });
}

/// Session root, with the lock: all temporaries are those of the dead then.
void remove_temporaries(const store::Paths& paths) {
    const auto dir = sys::find_at(AT_FDCWD, paths.trees(), O_RDONLY | O_DIRECTORY);
    if (!dir) return;
    for (const auto& name : sys::list_dir(dir->get())) {
        if (name.starts_with(kTemporary)) sys::remove_tree_at(dir->get(), name);
    }
}

/// Session root. Half of a tree never has its name.
void make_tree(const store::Paths& paths, const fs::path& target, const OpenChain& chain) {
    const auto lock = open_lock(paths);
    sys::lock(lock.get(), sys::LockKind::exclusive);
    if (is_there(target)) return;
    const auto temporary = paths.trees() / (std::string(kTemporary) + sys::random_name());
    check(::mkdir(temporary.c_str(), 0700), "create directory '{}'", temporary.native());
    try {
        const auto dir = sys::open_file(temporary, O_RDONLY | O_DIRECTORY);
        const auto maps = userns::own_maps();
        overlay::extract(chain.index, chain.blobs, overlay::visible_owners(maps.uids, maps.gids), dir.get(),
                         "root");
        sys::replace_file(temporary / "maps", maps.uids.to_proc() + maps.gids.to_proc());
        // Or a power failure could leave the name with empty files.
        check(::syncfs(dir.get()), "write '{}' to the disk", temporary.native());
        check(::rename(temporary.c_str(), target.c_str()), "rename '{}'", temporary.native());
    } catch (...) {
        sys::remove_tree_at(AT_FDCWD, temporary);
        throw;
    }
}

}  // namespace

std::string tree_name(const Image& image) {
    std::vector<oci::Digest> layers;
    for (const auto& layer : image.layers) layers.push_back(layer.diff_id);
    return chain_id(layers).hex();
}

fs::path tree_path(const store::Paths& paths, const Image& image) { return paths.trees() / tree_name(image); }

void unpack_tree(const store::Paths& paths, const Image& image, const OpenChain& chain) {
    const auto target = tree_path(paths, image);
    if (is_there(target)) return;
    log::debug("unpacking image {}", image.id.short_hex());
    sys::make_dirs(paths.trees());
    in_context([&] { run_in_session(paths, "rpod:unpack", [&] { make_tree(paths, target, chain); }); },
               "unpack image {}", image.id.short_hex());
}

void withdraw_trees(const store::Paths& paths, const std::set<std::string>& chains, const store::StoreLock&) {
    const auto dir = sys::find_at(AT_FDCWD, paths.trees(), O_RDONLY | O_DIRECTORY);
    if (!dir) return;
    for (const auto& name : sys::list_dir(dir->get())) {
        if (chains.contains(name) || name.starts_with(kTemporary)) continue;
        const auto withdrawn = std::string(kTemporary) + sys::random_name();
        check(::renameat(dir->get(), name.c_str(), dir->get(), withdrawn.c_str()), "withdraw the tree '{}'",
              name);
    }
}

void sweep_trees(const store::Paths& paths) {
    if (!store::has_temporaries(paths.trees())) return;
    if (sys::lock_holder(open_lock(paths).get())) return;
    run_in_session(paths, "rpod:sweep", [&] {
        const auto lock = open_lock(paths);
        if (sys::try_lock(lock.get(), sys::LockKind::exclusive)) remove_temporaries(paths);
    });
}

}  // namespace rpod::image
