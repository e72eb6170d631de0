// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

namespace rpod::sys {

/// What is another one after each boot (/proc/sys/kernel/random/boot_id, random(4)). @throws SysError
std::string boot_id();

}  // namespace rpod::sys
