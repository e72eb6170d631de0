// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "image/push.hh"

namespace rpod::cli {

/// "oci", "v2s2"; nothing where it is empty. @throws Error for what is not known
std::optional<image::ManifestFormat> parse_manifest_format(const std::string& text);
/// "gzip", "zstd"; nothing where it is empty. @throws Error for what is not known
std::optional<image::Compression> parse_compression(const std::string& text);

}  // namespace rpod::cli
