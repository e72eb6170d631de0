// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "image/copy_source.hh"

namespace rpod::image {

/// Gives a blob's bytes from the front, checked at their end, each time it is called.
using BlobOpener = std::function<std::unique_ptr<ByteSource>()>;

/// Where an image is copied to, byte for byte. Blobs come before the manifest that names them, manifests
/// before the index, and last what gets the name.
class CopyTarget {
  public:
    virtual ~CopyTarget() = default;
    /// Whether it is there, or the target can take it from the source by itself.
    /// @param from  nothing: nowhere else
    virtual bool has_blob(const oci::Descriptor& blob, const CopySource* from) = 0;
    virtual void put_blob(const oci::Descriptor& blob, const BlobOpener& open) = 0;
    /// Of an image in an index.
    virtual void put_manifest(const RawManifest& manifest) = 0;
    /// What the place's name then means; ends the copy.
    virtual void finish(const RawManifest& manifest) = 0;
    /// Whether put_blob may be called by several threads.
    virtual bool parallel() const = 0;
};

/// @param to  no image of the store. @throws Error where it is there and cannot be added to
std::unique_ptr<CopyTarget> open_target(const Place& to, const registry::ClientOptions& options);

/// docker-archive: has no manifest of its own and no compressed layers, so it is written in another way.
/// @param scratch  the directory whose file system takes layers while they are unpacked
void write_docker_archive(CopySource& source, const RawManifest& manifest, const TransportName& to,
                          int scratch, const std::function<void(const std::string&)>& progress);

}  // namespace rpod::image
