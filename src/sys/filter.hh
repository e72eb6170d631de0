// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sys/process.hh"

namespace rpod::sys {

struct FilterResult {
    ExitStatus status;
    std::string output;
};

/// Runs a program (argv[0] is its path) that reads `input` and writes a result; its standard error is ours.
/// The input passes through no file system and no argument list. @throws SysError; Error where it writes more
/// than max_output bytes (it is ended then)
FilterResult run_filter(const std::vector<std::string>& argv, std::string_view input, size_t max_output);

}  // namespace rpod::sys
