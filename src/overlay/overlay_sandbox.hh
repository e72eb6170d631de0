// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

namespace rpod::overlay {

/// Leaves this process the capabilities with which it changes files as the callers ask, and unmounts. Before
/// threads are made.
void limit_overlay_capabilities();
/// Leaves all threads the system calls that work on files by descriptor and name. Nothing can be executed
/// from then on.
void limit_overlay_calls();

}  // namespace rpod::overlay
