// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "cli/context.hh"
#include "store/paths.hh"

namespace rpod::cli {

/// The store that the global flags name, made where it is missing.
inline store::Paths open_store(const Context& ctx) {
    const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
    store::open_root(paths);
    return paths;
}

}  // namespace rpod::cli
