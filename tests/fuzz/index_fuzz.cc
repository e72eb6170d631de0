// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.hh"
#include "overlay/index.hh"
#include "sys/file.hh"

// A chain index of any content: refused, or safe to walk. The checksum is put right first, so that the search
// gets past it.

using namespace rpod;
using namespace rpod::overlay;

namespace {

std::string resealed(const uint8_t* data, size_t size) {
    std::string file(reinterpret_cast<const char*>(data), size);
    if (size < sizeof(IndexHeader)) return file;
    constexpr size_t kFrom = offsetof(IndexHeader, version);
    std::memcpy(file.data(), kIndexMagic, sizeof kIndexMagic);
    std::memcpy(&file[offsetof(IndexHeader, file_size)], &size, sizeof size);
    const uint64_t sum = index_checksum(file.data() + kFrom, size - kFrom);
    std::memcpy(&file[offsetof(IndexHeader, checksum)], &sum, sizeof sum);
    return file;
}

void walk(const Index& index, int blob) {
    uint64_t dirs = 0;
    for (Ino ino = kRootIno; ino <= index.size(); ++ino) {
        const Node& node = index.node(ino);
        for (const DirEntry& e : index.entries(node)) {
            if (index.lookup(ino, index.name(e)) != Index::ino(e)) std::abort();
            if (S_ISDIR(index.node(Index::ino(e)).mode)) ++dirs;
        }
        for (const XattrRecord& x : index.xattrs(node)) (void)index.find_xattr(node, index.xattr(x).name);
        if (S_ISLNK(node.mode)) (void)index.resolve(index.target(node));
        char buffer[64];
        (void)read_content(index, node, blob, node.size / 2, buffer);
        if (ino != kRootIno && Index::parent(node) >= ino && S_ISDIR(node.mode)) std::abort();
    }
    // A tree: every directory but the root has one name.
    uint64_t all = 0;
    for (Ino ino = kRootIno; ino <= index.size(); ++ino) all += S_ISDIR(index.node(ino).mode) ? 1 : 0;
    if (dirs + 1 != all) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const int file = ::memfd_create("index", MFD_CLOEXEC);
    static const int blob = ::memfd_create("blob", MFD_CLOEXEC);
    if (::ftruncate(file, 0) != 0) return 0;
    const std::string bytes = resealed(data, size);
    if (::pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return 0;
    try {
        walk(Index::open(file), blob);
    } catch (const Error&) {
    }
    return 0;
}
