// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>

namespace rpod::overlay {

/// Checks a whole chain index (overlay/index_format.hh), which may be damaged or hostile: one pass over each
/// section. What passes can be read without further checks and is a finite tree. The address is that of a
/// map: aligned.
/// @throws Error that says what is wrong
void check_index(std::string_view file);

/// The same without the checksum, so that a fuzzer gets past it.
void check_index_structure(std::string_view file);

}  // namespace rpod::overlay
