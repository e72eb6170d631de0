// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/storage_driver.hh"

#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/driver_choice.hh"

namespace rpod::cli {

std::optional<runtime::StorageDriver> named_storage_driver(const Context& ctx) {
    std::string word = ctx.global.storage_driver;
    const char* origin = "--storage-driver";
    if (const char* environment = std::getenv("STORAGE_DRIVER"); word.empty() && environment) {
        word = environment;
        origin = "STORAGE_DRIVER";
    }
    if (word.empty() || word == "auto") return std::nullopt;
    if (word == "vfs") return runtime::StorageDriver::copy;
    const auto driver = runtime::find_storage_driver(word);
    if (!driver)
        throw Error("{}: there is no storage driver '{}'", origin, printable(word))
            .with_hint("auto, overlay, fuse, unpacked and copy are known");
    return driver;
}

void choose_storage_driver(const Context& ctx, const store::Paths& paths,
                           container::ContainerConfig& config) {
    const auto named = named_storage_driver(ctx);
    if (config.rootfs) return;
    config.storage_driver = named ? *named : container::choose_driver(paths).driver;
}

}  // namespace rpod::cli
