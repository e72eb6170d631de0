// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/stat.h>

#include <cstdint>

#include "base/result.hh"

namespace rpod::overlay {

struct CopyOptions {
    bool content = true;  ///< false: a regular file is made empty
    bool sync = true;     ///< to the disk before the copy can take the original's place
};

/// Makes `name` in `dir` a copy of a file, directory (without what is in it), link or special file, with
/// owner, mode, times and extended attributes, but those of overlays.
/// @param from  an O_PATH descriptor; st is its stat
/// @return 0 or an errno; what was made by then stays
int copy_file(int from, const struct stat& st, int dir, const char* name, CopyOptions options);

}  // namespace rpod::overlay
