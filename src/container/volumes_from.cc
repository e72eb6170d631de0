// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/volumes_from.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/plan.hh"
#include "container/spec.hh"
#include "container/volume.hh"
#include "image/image_store.hh"

namespace rpod::container {
namespace {

struct Source {
    std::string container;
    std::optional<bool> read_only;
    Relabel relabel = Relabel::none;
};

Source parse_source(const std::string& text) {
    const auto parts = split(text, ':', 2);
    Source source{.container = std::string(parts[0]), .read_only = {}};
    if (parts.size() == 1) return source;
    for (const auto option : split(parts[1], ',')) {
        if (option == "ro" || option == "rw") {
            source.read_only = option == "ro";
        } else if (option == "z" || option == "Z") {
            source.relabel = option == "z" ? Relabel::shared : Relabel::private_;
        } else {
            throw Error(
                "invalid option \"{}\" specified - volumes from another container can only use z,ro,rw "
                "options",
                printable(option));
        }
    }
    return source;
}

std::string find_source(const store::Paths& paths, const Source& source) {
    return in_context([&] { return find_container(paths, source.container).id; },
                      "looking up container \"{}\" for volumes-from", printable(source.container));
}

/// .../volumes/NAME/_data
std::string volume_name(const std::string& directory) {
    return std::filesystem::path(directory).parent_path().filename();
}

void apply(const Source& source, MountOptions& options) {
    if (source.read_only) options.read_only = *source.read_only;
    if (source.relabel != Relabel::none) options.relabel = source.relabel;
}

/// The binds and volumes of one container, each volume by its name.
std::vector<Mount> mounts_of(const store::Paths& paths, const Source& source) {
    const auto directory = paths.containers() / find_source(paths, source);
    const auto config = read_config(directory);
    const image::ImageStore images(paths);
    const auto image = find_image(images, config);
    const auto all = effective_mounts(config, image ? &image->config.config : nullptr);
    // Nobody starts or removes it while its volumes get their names.
    const auto lock = lock_container(directory);
    const auto directories = prepare_volumes(paths, all, directory);
    std::vector<Mount> out;
    for (const auto& mount : all) {
        if (const auto* bind = std::get_if<BindMount>(&mount)) {
            auto copy = *bind;
            apply(source, copy.options);
            out.emplace_back(std::move(copy));
        } else if (const auto* volume = std::get_if<VolumeMount>(&mount)) {
            auto copy = *volume;
            copy.name = volume_name(directories.at(volume->destination));
            apply(source, copy.options);
            out.emplace_back(std::move(copy));
        }
    }
    return out;
}

void remove_at(std::vector<Mount>& mounts, const std::string& destination) {
    std::erase_if(mounts, [&](const Mount& m) { return destination_of(m) == destination; });
}

}  // namespace

void take_volumes_from(const store::Paths& paths, ContainerConfig& config) {
    std::vector<Mount> taken;
    for (const auto& text : config.volumes_from) {
        for (auto& mount : mounts_of(paths, parse_source(text))) {
            remove_at(taken, destination_of(mount));
            taken.push_back(std::move(mount));
        }
    }
    for (const auto& mount : config.mounts) remove_at(taken, destination_of(mount));
    config.mounts.insert(config.mounts.end(), taken.begin(), taken.end());
}

}  // namespace rpod::container
