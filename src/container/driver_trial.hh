// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>

#include "runtime/storage_driver.hh"
#include "store/paths.hh"

namespace rpod::container {

struct TrialResults {
    /// Why a driver does not work; empty: it does. `copy` always does and is not among them.
    std::map<runtime::StorageDriver, std::string> reasons;
    /// Nothing failed that may be better the next time: a full disk, a machine that is too busy.
    bool conclusive = true;
};

/// Mounts what each storage driver mounts, on the file system of the store, and makes and removes files
/// there: in a process in the session's user namespace with a mount namespace of its own. In a command.
/// @throws Error where there are no user namespaces
TrialResults try_drivers(const store::Paths& paths);

}  // namespace rpod::container
