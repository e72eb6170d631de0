// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hh"
#include "cli/filter_tests.hh"
#include "image/image_store.hh"

namespace rpod::cli {

/// Which images `images` and `image prune` mean: --filter KEY=VALUE, where KEY is id, before, since or after,
/// containers, dangling, digest, intermediate, label, manifest, readonly, reference or until.
class ImageFilter {
  public:
    /// @throws Error for a key or a value that makes no sense, or an image that is not there
    ImageFilter(const std::vector<std::string>& filters, const image::ImageStore& store);

    /// Also what `images NAME` shows.
    void add_reference(const std::string& pattern) { references_.push_back(pattern); }
    bool matches(const image::Image& image) const;
    /// Where references are asked for, only the names that they match are shown.
    bool matches_name(const oci::Reference& name) const;

  private:
    void add(const std::string& key, const std::string& value, const image::ImageStore& store);

    FilterTests<image::Image> tests_;
    std::vector<std::string> references_;
};

/// When it was made; nothing where its configuration does not say.
std::optional<Timestamp> created_time(const image::Image& image);

}  // namespace rpod::cli
