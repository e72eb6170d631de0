// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace rpod::overlay {

/// How the owners on disk are shown, for one kind of ID.
class OwnerMap {
  public:
    struct Range {
        uint32_t disk = 0;
        uint32_t shown = 0;
        uint32_t count = 0;
    };

    OwnerMap() = default;
    /// @param everyone  what every owner is shown as, whatever the ranges say
    explicit OwnerMap(std::vector<Range> ranges, std::optional<uint32_t> everyone = std::nullopt)
        : ranges_(std::move(ranges)), everyone_(everyone) {}

    uint32_t shown(uint32_t disk) const noexcept;
    uint32_t disk(uint32_t shown) const noexcept;
    bool squashes() const noexcept { return everyone_.has_value(); }

  private:
    static constexpr uint32_t kOverflowId = 65534;
    std::vector<Range> ranges_;
    std::optional<uint32_t> everyone_;
};

inline uint32_t OwnerMap::shown(uint32_t disk) const noexcept {
    if (everyone_) return *everyone_;
    for (const Range& r : ranges_) {
        if (disk - r.disk < r.count) return r.shown + (disk - r.disk);
    }
    return ranges_.empty() ? disk : kOverflowId;
}

inline uint32_t OwnerMap::disk(uint32_t shown) const noexcept {
    for (const Range& r : ranges_) {
        if (shown - r.shown < r.count) return r.disk + (shown - r.shown);
    }
    return ranges_.empty() ? shown : kOverflowId;
}

}  // namespace rpod::overlay
