// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "cli/command.hh"
#include "container/config.hh"
#include "image/image_store.hh"
#include "store/paths.hh"

namespace rpod::cli {

/// `rpod container clone`.
std::vector<Command> clone_commands();

/// A name for a copy: "web-clone", or with the first number that makes it free.
std::string clone_name(const store::Paths& paths, const std::string& original);

/// What was asked for a container, without what is its own alone: ID, the files that name it. Its image is
/// the same one, also where its name means another one by now; its mounts are there already, wherever they
/// came from; anonymous volumes are new ones.
container::ContainerConfig copy_of(const image::ImageStore& images, container::ContainerConfig config);

}  // namespace rpod::cli
