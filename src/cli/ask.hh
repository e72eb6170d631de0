// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "cli/context.hh"

namespace rpod::cli {

/// Prints the question and reads a line; only "y" and "yes" agree. @throws Error at the end of the input
bool ask(Context& ctx, const std::string& question);

}  // namespace rpod::cli
