// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <string>

#include "store/paths.hh"

namespace rpod::container {

/// Runs the OCI bundle in `bundle` with the command's own streams (or a terminal, where its config.json asks
/// for one) until it ends
/// (`oci run`). Nothing is recorded in the store; what the run needs lies in the runtime directory meanwhile.
/// @return the payload's exit code, 128 + n for a signal
int run_bundle(const store::Paths& paths, const std::string& id, const std::filesystem::path& bundle);

}  // namespace rpod::container
