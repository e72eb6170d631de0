// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "cli/data.hh"

namespace rpod::cli {

/// Go's fmt.Sprintf: %v %s %q %d %x %X %o %b %c %t %f %e %g %T %%, flags "-+ 0#", width and precision. What
/// does not fit comes out as Go says it: %!d(string=x), %!v(MISSING), %!(EXTRA …).
std::string go_sprintf(std::string_view format, const DataList& args);

}  // namespace rpod::cli
