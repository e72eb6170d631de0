// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rpod::image {

enum class Transport { oci, oci_archive, docker_archive, dir };

/// "docker-archive".
std::string_view to_string(Transport transport);

/// "oci:PATH[:REF]", "docker-archive:PATH[:REF|:@N]", "dir:PATH".
struct TransportName {
    Transport transport;
    std::string path;
    std::string name;                ///< REF; may be empty
    std::optional<size_t> position;  ///< @N
    /// Nothing where the text has none of these transports in front. @throws Error where what follows is
    /// malformed
    static std::optional<TransportName> parse(std::string_view text);
    std::string str() const;
};

}  // namespace rpod::image
