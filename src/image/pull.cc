// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/pull.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "base/time.hh"
#include "image/place.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

constexpr std::string_view kImportMessage = "imported from tarball";

std::vector<NewImage> read_images(Format format, ImageFiles& files, Staging& staging,
                                  const Selection& selection, const Progress& progress) {
    switch (format) {
        case Format::docker_archive:
            return read_docker_archive(files, staging, selection, progress);
        case Format::oci_layout:
            return read_oci_layout(files, staging, selection, progress);
        case Format::blob_directory:
            return read_blob_directory(files, staging, selection, progress);
    }
    throw Error("internal error: no such format");
}

std::vector<AddedImage> add_images(Staging& staging, const std::vector<NewImage>& images,
                                   const Progress& progress) {
    std::vector<AddedImage> added;
    for (const auto& image : images) {
        added.push_back(AddedImage{.id = staging.add_image(image), .names = image.names});
    }
    progress("Writing manifest to image destination");
    staging.commit();
    return added;
}

/// podman names an image from a directory after its path; nothing where that is no name.
std::optional<oci::Reference> name_from_path(const std::string& path) {
    const size_t start = path.find_first_not_of('/');
    if (start == std::string::npos) return std::nullopt;
    auto name = oci::Reference::try_parse("localhost/" + path.substr(start));
    return name ? std::optional(name->with_default_tag()) : std::nullopt;
}

void name_from_directory(std::vector<NewImage>& images, const std::string& path) {
    for (auto& image : images) {
        if (!image.names.empty()) continue;
        if (auto name = name_from_path(path)) image.names.push_back(*std::move(name));
    }
}

void require_accepted(Transport transport, const std::string& path, const LoadOptions& options) {
    const TransportName from{.transport = transport, .path = path, .name = {}, .position = {}};
    image::require_accepted(Place{.files = from}, options.policy_file);
}

bool is_directory_transport(Transport transport) {
    return transport == Transport::oci || transport == Transport::dir;
}

Format format_of(Transport transport) {
    switch (transport) {
        case Transport::docker_archive:
            return Format::docker_archive;
        case Transport::dir:
            return Format::blob_directory;
        case Transport::oci:
        case Transport::oci_archive:
            break;
    }
    return Format::oci_layout;
}

}  // namespace

std::vector<AddedImage> load_archive(const ImageStore& store, int fd, const std::string& what,
                                     const std::string& path, const LoadOptions& options,
                                     const Progress& progress) {
    Staging staging(store);
    return in_context(
        [&] {
            const auto files = open_image_archive(fd, what, staging);
            const auto format = detect_format(*files);
            const auto transport =
                format == Format::docker_archive ? Transport::docker_archive : Transport::oci_archive;
            require_accepted(transport, path, options);
            return add_images(staging, read_images(format, *files, staging, {}, progress), progress);
        },
        "load {}", what);
}

std::vector<AddedImage> load_directory(const ImageStore& store, const std::string& path,
                                       const LoadOptions& options, const Progress& progress) {
    Staging staging(store);
    return in_context(
        [&] {
            const auto files = open_image_directory(path, staging);
            const auto format = detect_format(*files);
            require_accepted(format == Format::blob_directory ? Transport::dir : Transport::oci, path,
                             options);
            auto images = read_images(format, *files, staging, {}, progress);
            name_from_directory(images, path);
            return add_images(staging, images, progress);
        },
        "load '{}'", path);
}

std::vector<AddedImage> pull_local(const ImageStore& store, const TransportName& from, const LocalPull& pull,
                                   const Progress& progress) {
    require_accepted(Place{.files = from}, pull.policy_file);
    Staging staging(store);
    const Selection selection{
        .name = from.name,
        .position = from.position,
        .single = from.transport == Transport::oci || from.transport == Transport::oci_archive,
        .platform = pull.platform};
    return in_context(
        [&] {
            sys::Fd archive;
            std::unique_ptr<ImageFiles> files;
            if (is_directory_transport(from.transport)) {
                files = open_image_directory(from.path, staging);
            } else {
                archive = sys::open_file(from.path, O_RDONLY);
                files = open_image_archive(archive.get(), "the archive", staging);
            }
            auto images = read_images(format_of(from.transport), *files, staging, selection, progress);
            if (pull.as) {
                if (images.size() != 1) throw Error("there are {} images, choose one", images.size());
                images.front().names = {*pull.as};
            } else if (is_directory_transport(from.transport)) {
                name_from_directory(images, from.path);
            }
            return add_images(staging, images, progress);
        },
        "pull from '{}'", from.path);
}

oci::Digest import_archive(const ImageStore& store, int fd, const std::string& what, ImportOptions options,
                           const Progress& progress) {
    Staging staging(store);
    FdSource source(fd, what);
    const auto layer = in_context([&] { return staging.add_layer(source, {}); }, "import {}", what);
    progress("Copying blob " + layer.diff_id.str());
    auto& config = options.config;
    if (config.created.empty()) config.created = format_rfc3339(now());
    config.diff_ids = {layer.diff_id};
    config.history.push_back(
        oci::History{.created = config.created,
                     .created_by = fmt::format("/bin/sh -c #(nop) ADD file:{} in /", layer.diff_id.hex()),
                     .author = {},
                     .comment = options.message.empty() ? std::string(kImportMessage) : options.message});
    NewImage image{.config = oci::to_json(config)};
    if (options.name) image.names.push_back(*options.name);
    const auto added = add_images(staging, {image}, progress);
    return added.front().id;
}

}  // namespace rpod::image
