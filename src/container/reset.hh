// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "store/paths.hh"

namespace rpod::container {

/// Ends all containers and empties the store: containers, images, volumes, secrets, events, caches. What
/// tells that it is a store, and its locks, stay: others may be waiting for them.
void reset_store(const store::Paths& paths);

}  // namespace rpod::container
