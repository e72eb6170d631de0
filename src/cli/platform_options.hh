// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "oci/manifest.hh"

namespace CLI {
class App;
}

namespace rpod::cli {

/// --arch, --os, --variant, --platform as typed: which of an index's images is meant.
struct PlatformOptions {
    std::string arch;
    std::string os;
    std::string variant;
    std::string platform;
};

/// The first three. A command that has --platform binds it itself.
void define_platform(CLI::App& flags, PlatformOptions& options);
/// This machine's where nothing was typed. @throws Error for flags that contradict each other
oci::Platform platform_of(const PlatformOptions& options);

}  // namespace rpod::cli
