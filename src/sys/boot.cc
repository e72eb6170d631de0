// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/boot.hh"

#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::sys {

std::string boot_id() { return std::string(trim(read_file("/proc/sys/kernel/random/boot_id"))); }

}  // namespace rpod::sys
