// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "oci/runtime_spec.hh"

namespace rpod::runtime {

/// CLONE_NEW* of a namespace of the spec.
int clone_flag(oci::NamespaceType type);

}  // namespace rpod::runtime
