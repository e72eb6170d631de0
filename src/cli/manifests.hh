// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/command.hh"
#include "cli/registry_options.hh"
#include "image/manifest_list.hh"

namespace rpod::cli {

/// What is said of an image in a list: the flags that add and annotate share.
struct EntryOptions {
    image::EntryChanges changes;
    std::vector<std::string> annotations;
};
void define_entry(CLI::App& flags, EntryOptions& options);
/// @throws Error for an annotation that is none
image::EntryChanges changes_of(const EntryOptions& options);
std::map<std::string, std::string> parse_annotations(const std::vector<std::string>& texts);

/// @throws Error where it is not there, or another kind of image
image::Image get_list(const image::ImageStore& store, const std::string& name);
/// An entry of a list, as typed: a digest, or an image of the store.
oci::Digest entry_digest(const image::ImageStore& store, const std::string& text);

/// manifest create, add, annotate, inspect and those below.
std::vector<Command> manifest_commands();
/// manifest push, rm, remove, exists.
std::vector<Command> manifest_manage_commands();
/// image copy.
std::vector<Command> image_copy_commands();
/// search.
std::vector<Command> search_commands();

}  // namespace rpod::cli
