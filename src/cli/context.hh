// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <unistd.h>

#include <iosfwd>
#include <string>
#include <vector>

namespace rpod::cli {

/// Flags that every command takes.
struct GlobalOptions {
    std::string root;     ///< --root: where images and containers are kept; empty: the default
    std::string runroot;  ///< --runroot: what may vanish; empty: the default
    std::string log_level = "warn";
    std::string storage_driver;  ///< --storage-driver, as typed; empty: not given
};

/// What a command works with: the global flags, and the streams, so that tests run a command in-process.
struct Context {
    std::ostream& out;      ///< the command's result
    std::ostream& err;      ///< progress and errors
    int in = STDIN_FILENO;  ///< borrowed
    GlobalOptions global{};
    std::vector<std::string> words{};  ///< behind the command's name: its flags and arguments
    std::string program = "rpod";      ///< as messages name it
};

}  // namespace rpod::cli
