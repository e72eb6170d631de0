// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "runtime/storage_driver.hh"
#include "store/paths.hh"

namespace rpod::container {

struct DriverChoice {
    runtime::StorageDriver driver = runtime::StorageDriver::copy;
    struct Refusal {
        runtime::StorageDriver driver;
        std::string reason;
    };
    std::vector<Refusal> refused;  ///< the better ones, and why they do not work here
};

/// The best storage driver that works here. That is tried out on the file system of the store, in namespaces
/// that vanish, and, where the outcome is conclusive, remembered in the store until the machine boots again,
/// the store moves to another file system, or /dev/fuse comes or goes.
/// @throws Error where there are no user namespaces
DriverChoice choose_driver(const store::Paths& paths);

}  // namespace rpod::container
