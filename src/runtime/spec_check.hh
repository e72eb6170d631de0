// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "oci/runtime_spec.hh"

namespace rpod::runtime {

/// For specs that others have written (a bundle's config.json): all that the specification can ask for and
/// that cannot be done here is refused, never passed over. Needs no process of the container's.
/// @throws Error that names the member
void check_spec(const oci::RuntimeSpec& spec);

}  // namespace rpod::runtime
