// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

namespace rpod::container {

/// A pod on a network.
struct NamedPod {
    std::string id, name, address;
    std::vector<std::string> aliases;
};

/// What the network's name service answers (net::NameTable): each pod's name, the first twelve digits of its
/// ID, and its aliases. A pod's own name, whatever the case of its letters, is answered with its address
/// alone, and so is its ID: an alias never adds to them. Of an alias that several have, all are answered.
std::string name_table_text(const std::vector<NamedPod>& pods);

}  // namespace rpod::container
