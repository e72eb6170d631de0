// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "image/image_store.hh"

namespace rpod::container {

/// The name that was typed, in full ("busybox" → "localhost/busybox:latest"): the one of the image's names
/// that ends with it. Where none does, the image's first name, or what was typed.
std::string full_image_name(const std::string& typed, const image::Image& image);

}  // namespace rpod::container
