// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "cli/command.hh"

namespace rpod::cli {

/// A flag that podman has and rpod cannot honour yet: known, hidden in the help, and refused by name.
struct Refused {
    const char* flag;
    const char* reason;
    bool takes_value = true;
    /// Values that ask for nothing that rpod does not do: taken.
    std::array<std::string_view, 2> harmless{"\xff", "\xff"};
};

constexpr const char* kNoLimits = "resource limits need cgroups, which rpod does not set up yet";
constexpr const char* kNoCdi = "CDI devices are not supported yet";

/// @param refused  lives as long as the program
/// @param words  what will be parsed
void add_refused_flags(CLI::App& app, std::span<const Refused> refused, const Args& words);

}  // namespace rpod::cli
