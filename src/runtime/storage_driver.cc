// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/storage_driver.hh"

namespace rpod::runtime {

const char* name(StorageDriver driver) {
    switch (driver) {
        case StorageDriver::overlay:
            return "overlay";
        case StorageDriver::fuse:
            return "fuse";
        case StorageDriver::unpacked:
            return "unpacked";
        case StorageDriver::copy:
            return "copy";
    }
    return "?";
}

std::optional<StorageDriver> find_storage_driver(std::string_view text) {
    for (const auto driver : kStorageDrivers) {
        if (name(driver) == text) return driver;
    }
    return std::nullopt;
}

}  // namespace rpod::runtime
