// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/parser.hh"

#include <CLI/CLI.hpp>

namespace rpod::cli {

std::unique_ptr<CLI::App> make_parser(bool flags_end_at_argument) {
    auto parser = std::make_unique<CLI::App>();
    parser->set_help_flag();
    parser->allow_extras();
    parser->prefix_command(flags_end_at_argument);
    // As pflag: the last of several values wins.
    parser->option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    return parser;
}

void add_global_flags(CLI::App& parser, GlobalOptions& global, bool hidden) {
    const std::string group = hidden ? "" : "Options";
    parser.add_option("--root", global.root, "Keep images and containers in this directory")
        ->type_name("DIR")
        ->group(group);
    parser.add_option("--runroot", global.runroot, "Keep what may vanish (sockets) in this directory")
        ->type_name("DIR")
        ->group(group);
    parser
        .add_option("--storage-driver", global.storage_driver,
                    "How images become root file systems: auto, overlay, fuse, unpacked or copy")
        ->type_name("DRIVER")
        ->group(group);
    parser.add_option("--log-level", global.log_level, "trace, debug, info, warn, error, fatal or panic")
        ->type_name("LEVEL")
        ->group(group);
}

void add_help_flag(CLI::App& parser, bool& help) {
    const bool has_h = parser.get_option_no_throw("-h") != nullptr;
    parser.add_flag(has_h ? "--help" : "-h,--help", help, "Show this help");
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

}  // namespace rpod::cli
