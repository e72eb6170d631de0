// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "cli/command.hh"
#include "image/image_store.hh"

namespace rpod::cli {

/// The image store that the global flags name.
image::ImageStore open_images(const Context& ctx);

/// load, pull, import.
std::vector<Command> image_add_commands();

}  // namespace rpod::cli
