// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "userns/id_map.hh"
#include "userns/identity.hh"

namespace rpod::userns {

/// A run of subordinate IDs that the administrator gave to a user (subuid(5)).
struct SubRange {
    uint32_t start = 0;
    uint32_t count = 0;
    bool operator==(const SubRange&) const = default;
};

/// The ranges in the text of /etc/subuid or /etc/subgid whose owner is the name or the number, in the order
/// of the file. Lines that are no entries are passed over, as newuidmap(1) does.
std::vector<SubRange> parse_subid(std::string_view text, std::string_view owner_name, uid_t owner_uid);

/// The ranges of `owner`: through libsubid where nsswitch.conf names a source other than files, else from
/// /etc. Empty where there is none.
/// @param owner_name  --subuidname, else the user's name; without a name only entries by number count
std::vector<SubRange> find_subids(IdKind kind, const std::string& owner_name, uid_t owner_uid);

/// The map of the session user namespace: ID 0 is the caller, then all ranges one after the other. Ranges
/// that contain the caller's own ID, or overlap one another, are refused with the line to change.
IdMap session_map(IdKind kind, uint32_t own_id, const std::vector<SubRange>& ranges);

}  // namespace rpod::userns
