// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "container/network_store.hh"

/// Networks of a container that exists: changed at once where it runs, and in its record.
namespace rpod::container {

/// @param attachment  as --network takes it
/// @throws Error where it is on that network already, or shares the network of something else
void connect_network(const store::Paths& paths, const std::string& id, const std::string& attachment);

/// @throws Error where it is not on that network, or on no other: its network would be another kind of thing
void disconnect_network(const store::Paths& paths, const std::string& id, const Network& network);

/// Whether its record says so.
bool is_on_network(const store::Paths& paths, const std::string& id, const Network& network);

}  // namespace rpod::container
