// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rpod::container {

using MacAddress = std::array<uint8_t, 6>;

/// What a container asks of one network: --network NAME[:ip=,mac=,alias=,interface_name=].
struct Attachment {
    std::string network;  ///< its name or ID; "bridge" stands for the default one
    std::optional<in_addr> ip;
    std::optional<MacAddress> mac;
    std::vector<std::string> aliases;
    std::string interface;  ///< empty: eth0, eth1…
};
/// @throws Error that names the option
Attachment parse_attachment(std::string_view text);

/// "02:00:5e:10:00:01", of one host. @throws Error
MacAddress parse_mac(std::string_view text);
std::string mac_text(const MacAddress& mac);

}  // namespace rpod::container
