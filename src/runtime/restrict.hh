// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "oci/runtime_spec.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// Init, after all mounts: sets the spec's sysctls through the container's own /proc/sys.
/// @throws Error for a name that is no sysctl, or where /proc is not procfs
void set_sysctls(const oci::RuntimeSpec& spec, const sys::RootedDir& root);

/// Init: covers the spec's masked paths (files with /dev/null, directories with an empty read-only tmpfs),
/// makes its read-only paths read-only, and the root itself where the spec says so. Paths that do not exist
/// are passed over.
void restrict_paths(const oci::RuntimeSpec& spec, const sys::RootedDir& root);

}  // namespace rpod::runtime
