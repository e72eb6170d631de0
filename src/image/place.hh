// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/transport.hh"
#include "oci/reference.hh"

namespace rpod::image {

/// Where an image is, or goes, with its transport; just one of the three is set.
struct Place {
    std::optional<oci::Reference> remote{};  ///< "docker://NAME", with a tag or a digest
    std::optional<TransportName> files{};    ///< "oci:PATH[:REF]", "dir:PATH", …
    std::optional<std::string> stored{};     ///< "rpod:NAME", an image of the store

    /// Nothing where no transport is in front. @throws Error for one that is not supported
    static std::optional<Place> parse(std::string_view text);
    /// @throws Error that lists the transports
    static Place require(std::string_view text);
    std::string str() const;
};

/// Asks the policy (registry/policy.hh) whether images may come from there.
/// @param policy_file  empty: the usual ones. @throws Error
void require_accepted(const Place& from, const std::string& policy_file);

}  // namespace rpod::image
