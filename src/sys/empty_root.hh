// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

namespace rpod::sys {

/// Gives this process a mount namespace of its own that holds one empty, read-only directory, its root: it
/// sees no file any more but through descriptors it has, and keeps no mount of the host busy. Needs
/// CAP_SYS_ADMIN in its user namespace, and one thread. @throws SysError
void enter_empty_root();

}  // namespace rpod::sys
