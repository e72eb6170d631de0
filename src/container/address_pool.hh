// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "net/subnet.hh"

namespace rpod::container {

/// Gives out the addresses of a network: each after the last one, so that one that has just become free rests
/// for a while, and one of a network that was lost is still its pod's when that comes back.
class AddressPool {
  public:
    /// @param network  its name, for errors
    /// @param range  only these are given out unasked
    AddressPool(std::string network, net::Subnet subnet, std::optional<net::Subnet> range, in_addr gateway);

    /// @param wanted  this one and no other
    /// @param taken  whether somebody has it
    /// @throws Error where it is taken or not of the network, or none is left
    in_addr take(std::optional<in_addr> wanted, const std::function<bool(in_addr)>& taken);

    /// The one that was chosen last; nothing to begin with.
    std::optional<in_addr> last() const { return last_; }
    void go_on_after(in_addr last) { last_ = last; }

  private:
    bool is_usable(in_addr address) const;

    std::string network_;
    net::Subnet subnet_;
    std::optional<net::Subnet> range_;
    in_addr gateway_;
    std::optional<in_addr> last_;
};

}  // namespace rpod::container
