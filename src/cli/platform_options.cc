// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/platform_options.hh"

#include <CLI/CLI.hpp>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::cli {

void define_platform(CLI::App& flags, PlatformOptions& o) {
    flags.add_option("--arch", o.arch, "Architecture of the image instead of this machine's")
        ->type_name("ARCH");
    flags.add_option("--os", o.os, "Operating system of the image")->type_name("OS");
    flags.add_option("--variant", o.variant, "Variant of the architecture")->type_name("VARIANT");
}

oci::Platform platform_of(const PlatformOptions& o) {
    oci::Platform platform = oci::host_platform();
    if (!o.platform.empty()) {
        if (!o.arch.empty() || !o.os.empty())
            throw Error("--platform option can not be specified with --arch or --os");
        const auto parts = split(o.platform, '/');
        if (parts.size() < 2 || parts.size() > 3) {
            throw Error("invalid platform syntax for '{}' (use OS/ARCH[/VARIANT])", o.platform);
        }
        platform = oci::Platform{.os = std::string(parts[0]),
                                 .architecture = std::string(parts[1]),
                                 .variant = parts.size() > 2 ? std::string(parts[2]) : std::string()};
    }
    if (!o.os.empty()) platform.os = o.os;
    if (!o.arch.empty()) {
        platform.architecture = o.arch;
        platform.variant.clear();
    }
    if (!o.variant.empty()) platform.variant = o.variant;
    return platform;
}

}  // namespace rpod::cli
