// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/image_store.hh"
#include "oci/manifest.hh"
#include "registry/client.hh"

/// Manifest lists: what `rpod manifest` makes. In the store a list is an OCI index with annotations of ours,
/// which never leave it:
///
///     {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
///      "manifests": [{"mediaType": …, "digest": …, "size": …, "platform": {"architecture": "arm64", "os":
///      "linux"}, "annotations": {"rpod.list.source": "docker://quay.io/team/app"}}],
///      "annotations": {"rpod.list.id": "64 hex digits", "rpod.list.created": "2026-11-28T20:00:00Z"}}
///
/// An entry without a source is an image of the store, which cannot be removed as long as the list has it; of
/// the others only the digest is here, and they are copied from their source when the list is pushed.
namespace rpod::image {

/// The ID that stays when the list changes; nothing for an index that another tool put there.
std::optional<oci::Digest> list_id(const oci::Index& index);
std::string list_created(const oci::Index& index);
/// Where an entry's image is; empty: in the store.
std::string list_source(const oci::Descriptor& entry);

/// A list without images, with a new ID.
oci::Index new_list();

/// What replaces what an image says of itself, where it is not empty.
struct EntryChanges {
    std::string architecture, os, variant, os_version;
    std::vector<std::string> os_features, features;
    std::map<std::string, std::string> annotations;
};
void apply(const EntryChanges& changes, oci::Descriptor& entry);

/// The entries for an image of the store or, where `text` names none, for one that is elsewhere:
/// "docker://…", "oci:…" or a name that registries.conf resolves. Of an index the one for this machine, or
/// all.
/// @throws Error
std::vector<oci::Descriptor> find_entries(const ImageStore& store, const std::string& text, bool all,
                                          const registry::ClientOptions& options);
/// Adds them; one that is there already is replaced.
void add_entries(oci::Index& index, const std::vector<oci::Descriptor>& entries);
/// @throws Error where there is none
oci::Descriptor& entry_of(oci::Index& index, const oci::Digest& digest);

/// The list as others see it: without our annotations, in the format asked for or, as podman chooses, OCI's
/// where it has something that only that can say.
enum class ListFormat { oci, docker };
oci::Index public_list(const oci::Index& index, std::optional<ListFormat> format);
/// What podman 4.3 shows of a list: docker's format unless there are annotations.
ListFormat shown_format(const oci::Index& index);

}  // namespace rpod::image
