// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "store/paths.hh"
#include "userns/launcher.hh"

namespace rpod::container {

/// The files by which the session user namespace of this store is found.
inline userns::SessionFiles session_files(const store::Paths& paths) {
    return {.creation_lock = paths.session_lock(), .holders = paths.session_holders()};
}

}  // namespace rpod::container
