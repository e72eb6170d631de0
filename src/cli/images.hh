// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/data.hh"
#include "image/image_store.hh"
#include "image/transfer.hh"

namespace rpod::cli {

/// The image store that the global flags name.
image::ImageStore open_images(const Context& ctx);

/// A line for each step on standard error; nothing where quiet.
image::Progress progress_to(Context& ctx, bool quiet);

/// load, import.
std::vector<Command> image_add_commands();
/// pull.
std::vector<Command> image_pull_commands();
/// push.
std::vector<Command> image_push_commands();
/// save.
std::vector<Command> image_save_commands();
/// images.
std::vector<Command> image_list_commands();
/// rmi, tag, untag, image exists, image prune.
std::vector<Command> image_manage_commands();
/// history, image tree.
std::vector<Command> image_history_commands();
/// image inspect, inspect.
std::vector<Command> inspect_commands();

/// What `inspect` shows of an image; nothing where there is none of that name.
std::optional<Data> inspect_image(const Context& ctx, const std::string& name);

}  // namespace rpod::cli
