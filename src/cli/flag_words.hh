// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "cli/command.hh"

namespace rpod::cli {

/// The words of a command line with flags spelled so that CLI11 reads them as pflag would: a value stands in
/// a word of its own, even an empty one ("--entrypoint=" → "--entrypoint", "": CLI11 would take the next
/// word), and a short flag's value loses the '=' before it ("-e=A=b"). Words that belong to no flag of the
/// parser stay as they are.
Args spell_flags(const Args& words, const CLI::App& parser, bool flags_end_at_argument);

}  // namespace rpod::cli
