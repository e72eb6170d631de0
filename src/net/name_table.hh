// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <netinet/in.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/frame.hh"

namespace rpod::net {

/// Behind a container's name, as podman has it; nobody outside is ever asked for names in it.
constexpr std::string_view kContainerDomain = "dns.podman";

/// The names of the containers on a network, which rpod:net answers itself.
class NameTable {
  public:
    /// @param text  lines "ADDRESS NAME"; others are skipped. Several lines with one name: all are answered
    explicit NameTable(std::string_view text);

    /// @param message  a DNS query
    /// @return the whole answer; nothing where somebody else must be asked
    std::optional<std::vector<uint8_t>> answer(Bytes message) const;

    static constexpr size_t kMaxText = 60 << 10;

  private:
    std::map<std::string, std::vector<in_addr>, std::less<>> names_;
};

}  // namespace rpod::net
