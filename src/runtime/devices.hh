// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <vector>

#include "oci/runtime_spec.hh"
#include "sys/fd.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// A character device of the host that every container has; verified to be what its name says, since a
/// container root file system is full of files that only look so (CVE-2025-31133). @throws Error
sys::Fd open_null_device();

/// Init: fills /dev after the spec's mounts: the usual nodes and the spec's devices (bound from the host: a
/// user namespace cannot make nodes), and the usual links.
void make_devices(const oci::RuntimeSpec& spec, const sys::RootedDir& root);

/// Binds the terminal's slave on /dev/console.
void bind_console(int slave, const sys::RootedDir& root);

}  // namespace rpod::runtime
