// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// A whole archive of an image, as `load` and `pull` read it, up to the moment before it would come into the
// store: from a file that can be read anywhere, and as a stream. Where both understand it they find the same
// images; nothing is left behind either way.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hh"
#include "image/image_files.hh"
#include "image/image_store.hh"
#include "image/staging.hh"
#include "image/transfer.hh"

namespace {

using namespace rpod;
using namespace rpod::image;

struct Memory : ByteSource {
    explicit Memory(std::string_view bytes) : rest(bytes) {}
    size_t read(std::span<char> into) override {
        const size_t n = rest.copy(into.data(), into.size());
        rest.remove_prefix(n);
        return n;
    }
    std::string_view rest;
};

/// A store in a directory that goes with the process.
struct Store {
    Store() : root(make()), images(store::Paths(root / "root", root / "run")) {}
    ~Store() { std::filesystem::remove_all(root); }
    static std::filesystem::path make() {
        std::string name = "/tmp/rpod-fuzz-XXXXXX";
        if (!::mkdtemp(name.data())) std::abort();
        store::open_root(store::Paths(name + "/root", name + "/run"));
        return name;
    }
    std::filesystem::path root;
    ImageStore images;
};

std::vector<oci::Digest> read_images(ImageFiles& files, Staging& staging) {
    const auto ignore = [](const std::string&) {};
    const Selection all;
    std::vector<NewImage> found;
    switch (detect_format(files)) {
        case Format::docker_archive:
            found = read_docker_archive(files, staging, all, ignore);
            break;
        case Format::oci_layout:
            found = read_oci_layout(files, staging, all, ignore);
            break;
        case Format::blob_directory:
            found = read_blob_directory(files, staging, all, ignore);
            break;
    }
    std::vector<oci::Digest> ids;
    for (const auto& image : found) ids.push_back(staging.add_image(image));
    return ids;
}

std::optional<std::vector<oci::Digest>> seekable(const Store& store, std::string_view bytes) {
    static const int file = ::memfd_create("archive", MFD_CLOEXEC);
    if (::ftruncate(file, 0) != 0 ||
        ::pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
        return std::nullopt;
    try {
        Staging staging(store.images);
        return read_images(*open_seekable_archive(file, "the archive", staging), staging);
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::optional<std::vector<oci::Digest>> streamed(const Store& store, std::string_view bytes) {
    try {
        Memory source(bytes);
        Staging staging(store.images);
        return read_images(*read_stream_archive(source, "the archive", staging), staging);
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const Store store;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto here = seekable(store, bytes);
    const auto there = streamed(store, bytes);
    if (here && there && *here != *there) std::abort();
    if (store::has_temporaries(store.images.paths().oci())) std::abort();
    return 0;
}
