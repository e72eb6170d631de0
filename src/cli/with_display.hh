// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <unistd.h>

#include "cli/context.hh"
#include "cli/images.hh"
#include "cli/pull_display.hh"
#include "sys/terminal.hh"

namespace rpod::cli {

/// Runs fn(pull, progress) with a pull that shows its progress as standard error allows: lines that grow on a
/// terminal, plain ones elsewhere, none with `quiet`.
template <class Fn>
auto with_display(Context& ctx, bool quiet, image::RemotePull pull, Fn&& fn) {
    const auto size = quiet ? std::nullopt : sys::window_size(STDERR_FILENO);
    if (!size) return fn(pull, progress_to(ctx, quiet));
    PullDisplay display(ctx.err, size->columns);
    pull.report = [&](const image::BlobProgress& progress) { display.report(progress); };
    return fn(pull, image::Progress([&](const std::string& line) { display.line(line); }));
}

}  // namespace rpod::cli
