// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/image_store.hh"

namespace rpod::image {

/// An image whose blobs are not what they should be.
struct DamagedImage {
    oci::Digest manifest;
    std::optional<oci::Digest> id;    ///< nothing where the manifest itself is damaged
    std::vector<std::string> names;   ///< as written
    std::vector<std::string> damage;  ///< "layer sha256:…: has 5 bytes instead of 10"

    /// A name, else the ID, else the manifest.
    std::string title() const;
};

/// How closely a check looks.
enum class Scrutiny {
    quick,  ///< what is small is read, of layers only the size is compared
    full,   ///< every byte is read and its digest compared
};

/// Looks at the blobs of all images, without any lock; one that is removed meanwhile may show as damaged.
/// @throws Error where index.json itself cannot be read
std::vector<DamagedImage> check_images(const store::Paths& paths, Scrutiny scrutiny);

/// Takes damaged images out of the store, with the blobs that no other image has. What is asked under the
/// store's lock: whether the image of this ID may go.
/// @return those that went
std::vector<DamagedImage> remove_damaged(const ImageStore& store, const std::vector<DamagedImage>& damaged,
                                         const std::function<bool(const oci::Digest& id)>& may_go);

}  // namespace rpod::image
