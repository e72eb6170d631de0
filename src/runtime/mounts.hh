// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "oci/runtime_spec.hh"
#include "runtime/user_lookup.hh"
#include "sys/fd.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

/// Launch side, session root in a mount namespace of its own: a detached copy of what each bind mount of the
/// spec binds, at the mount's position; empty for other mounts. The caller's rights decide here what can be
/// bound: in P its own ID may not exist.
std::vector<sys::Fd> open_bind_sources(const oci::RuntimeSpec& spec);

/// Init: makes all mounts of the spec below the root, in order. Mount points that are missing are made;
/// symbolic links on the way are resolved inside the root. An empty volume and a tmpfs take what is at their
/// place where their options say so ("tmpcopyup").
/// @param user  whom the mounts with the option "U" are given to
void mount_all(const oci::RuntimeSpec& spec, const std::vector<sys::Fd>& bind_sources,
               const sys::RootedDir& root, const ContainerUser& user);

}  // namespace rpod::runtime
