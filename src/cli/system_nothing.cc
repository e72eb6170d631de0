// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// system migrate, system renumber: toolbox and scripts of podman's upgrades call them. Records carry their
// version and are read as they are; locks are the kernel's and have no numbers.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/stores.hh"
#include "cli/system_store.hh"

namespace rpod::cli {

Action define_system_migrate(CLI::App& flags, Context& ctx) {
    auto runtime = std::make_shared<std::string>();
    flags.add_option("--new-runtime", *runtime, "Use another OCI runtime (rpod is its own)")->group("");
    return [runtime, &ctx](const Args&) {
        if (!runtime->empty()) throw Error("--new-runtime: rpod is its own OCI runtime");
        open_store(ctx);  // a store of another version is told
        return 0;
    };
}

Action define_system_renumber(CLI::App&, Context& ctx) {
    return [&ctx](const Args&) {
        open_store(ctx);
        return 0;
    };
}

}  // namespace rpod::cli
