// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.hh"
#include "overlay/index.hh"
#include "overlay/index_builder.hh"
#include "sys/file.hh"

/// Short names for layers and what becomes of them.
namespace rpod::overlay::test {

using Layer = std::vector<LayerEntry>;

inline LayerEntry dir(std::string path, uint32_t mode = 0755) {
    return {.path = std::move(path), .type = EntryType::directory, .mode = mode, .mtime_s = 100};
}
/// The size tells files apart.
inline LayerEntry file(std::string path, uint64_t size = 1) {
    LayerEntry e{.path = std::move(path), .mode = 0644, .mtime_s = 200, .size = size};
    if (size > 0) e.extents.push_back({0, 512, size});
    return e;
}
inline LayerEntry symlink(std::string path, std::string target) {
    return {.path = std::move(path),
            .type = EntryType::symlink,
            .mode = 0777,
            .mtime_s = 300,
            .target = std::move(target)};
}
inline LayerEntry hardlink(std::string path, std::string target) {
    return {.path = std::move(path), .type = EntryType::hardlink, .mode = 0644, .target = std::move(target)};
}
inline LayerEntry with_xattr(LayerEntry e, std::string name, std::string value) {
    e.xattrs.emplace_back(std::move(name), std::move(value));
    return e;
}

inline sys::Fd memory_file(const std::string& bytes) {
    sys::Fd fd(check(::memfd_create("test", MFD_CLOEXEC), "memfd_create"));
    sys::write_all(fd.get(), bytes, "test file");
    return fd;
}

inline std::string build_bytes(const std::vector<Layer>& layers) {
    IndexBuilder builder;
    for (const Layer& layer : layers) builder.add_layer({.entries = layer, .blob_size = 1 << 20});
    return builder.finish();
}
inline Index build(const std::vector<Layer>& layers) {
    return Index::open(memory_file(build_bytes(layers)).get());
}

/// Path → inode number of everything but the root.
inline std::map<std::string, Ino> all_paths(const Index& index) {
    std::map<std::string, Ino> paths;
    const std::function<void(Ino, const std::string&)> walk = [&](Ino dir, const std::string& prefix) {
        for (const DirEntry& e : index.entries(index.node(dir))) {
            const std::string path = prefix + std::string(index.name(e));
            paths[path] = Index::ino(e);
            if (S_ISDIR(index.node(Index::ino(e)).mode)) walk(Index::ino(e), path + "/");
        }
    };
    walk(kRootIno, "");
    return paths;
}

/// "a/ a/f:3 a/l->t a/h:3*2": directories end in '/', files have their size, links their text, and what has
/// several names their number.
inline std::string shape(const Index& index) {
    std::string text;
    for (const auto& [path, ino] : all_paths(index)) {
        const Node& node = index.node(ino);
        text += (text.empty() ? "" : " ") + path;
        if (S_ISDIR(node.mode)) text += "/";
        if (S_ISREG(node.mode)) text += ":" + std::to_string(node.size);
        if (S_ISLNK(node.mode)) text += "->" + std::string(index.target(node));
        if (S_ISCHR(node.mode) || S_ISBLK(node.mode)) text += "@" + std::to_string(node.rdev);
        if (S_ISFIFO(node.mode)) text += "|";
        if (!S_ISDIR(node.mode) && node.nlink != 1) text += "*" + std::to_string(node.nlink);
    }
    return text;
}
inline std::string shape(const std::vector<Layer>& layers) { return shape(build(layers)); }

}  // namespace rpod::overlay::test
