// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.hh"
#include "overlay/index.hh"
#include "overlay/index_builder.hh"

// Layers in a compact form: refused, or merged into an index that its reader accepts. Each member is a line:
// a letter for the type (or 'L', the next layer), the path, and after a blank its target or a number.

using namespace rpod;
using namespace rpod::overlay;

namespace {

LayerEntry member(char type, const std::string& path, const std::string& rest) {
    LayerEntry e{.path = path, .mode = 0644};
    const auto number = static_cast<uint32_t>(std::atoi(rest.c_str()));
    switch (type) {
        case 'd':
            e.type = EntryType::directory;
            break;
        case 's':
            e.type = EntryType::symlink;
            e.target = rest;
            break;
        case 'h':
            e.type = EntryType::hardlink;
            e.target = rest;
            break;
        case 'c':
            e.type = EntryType::char_device;
            e.dev_major = number;
            break;
        case 'b':
            e.type = EntryType::block_device;
            e.dev_minor = number;
            break;
        case 'p':
            e.type = EntryType::fifo;
            break;
        case 'x':
            e.xattrs.emplace_back(rest, path);
            break;
        case 'e':  // sparse, of two extents
            e.size = number;
            e.extents = {{0, 0, number / 4}, {number / 2, 512, number / 4}};
            break;
        default:
            e.size = number;
            if (number > 0) e.extents = {{0, 512, number}};
    }
    return e;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const int file = ::memfd_create("index", MFD_CLOEXEC);
    const std::string text(reinterpret_cast<const char*>(data), size);
    std::string bytes;
    try {
        IndexBuilder builder;
        LayerScan scan{.blob_size = 4096};
        for (size_t begin = 0; begin < text.size();) {
            const size_t end = std::min(text.find('\n', begin), text.size());
            const std::string line = text.substr(begin, end - begin);
            begin = end + 1;
            if (line.empty()) continue;
            if (line[0] == 'L') {
                builder.add_layer(scan);
                scan.entries.clear();
                continue;
            }
            const size_t blank = std::min(line.find(' '), line.size());
            scan.entries.push_back(member(line[0], line.substr(1, blank - 1),
                                          blank < line.size() ? line.substr(blank + 1) : ""));
        }
        builder.add_layer(scan);
        bytes = builder.finish();
    } catch (const Error&) {
        return 0;
    }
    if (::ftruncate(file, 0) != 0 ||
        ::pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return 0;
    (void)Index::open(file);  // what it throws is a bug
    return 0;
}
