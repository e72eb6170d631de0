// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::userns {

/// A run of IDs of a user namespace and what they are outside of it (user_namespaces(7), /proc/PID/uid_map).
struct IdExtent {
    uint32_t inside = 0;
    uint32_t outside = 0;
    uint32_t size = 0;
    bool operator==(const IdExtent&) const = default;
};

enum class IdKind { uid, gid };
/// "uid" or "gid".
const char* name(IdKind kind);

/// The map of one kind of ID of a user namespace; extents are sorted by `inside`.
class IdMap {
  public:
    IdMap() = default;
    /// @throws Error where extents are empty, run past 2^32 - 2, overlap on either side, or are more than the
    /// 340 the kernel takes
    explicit IdMap(std::vector<IdExtent> extents);

    const std::vector<IdExtent>& extents() const { return extents_; }
    bool empty() const { return extents_.empty(); }
    /// How many IDs are mapped.
    uint64_t count() const;
    std::optional<uint32_t> to_outside(uint32_t inside) const;
    std::optional<uint32_t> to_inside(uint32_t outside) const;
    /// One line for each extent, as /proc/PID/uid_map takes it.
    std::string to_proc() const;
    /// What /proc/PID/uid_map shows. @throws Error for anything else
    static IdMap from_proc(std::string_view text);

    /// This map with its extents cut where those of `parent` end: the kernel refuses an extent that spans two
    /// extents of the namespace above. @throws Error where an ID is not mapped in the parent
    IdMap fitted_to(const IdMap& parent, IdKind kind) const;

    bool operator==(const IdMap&) const = default;

  private:
    std::vector<IdExtent> extents_;
};

}  // namespace rpod::userns
