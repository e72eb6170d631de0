// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "oci/runtime_spec.hh"
#include "sys/capability.hh"
#include "sys/seccomp.hh"

namespace rpod::runtime {

/// What sys::load_seccomp takes.
struct SeccompFilter {
    sys::BpfProgram program;
    unsigned flags = 0;  ///< SECCOMP_FILTER_FLAG_*
};

/// Compiles an OCI section with libseccomp: 15 to 25 ms for the default profile. System calls that libseccomp
/// does not know are left to the default action, as crun and runc do; the first of two rules that contradict
/// each other counts.
/// @throws Error for what is unknown or not supported (SCMP_ACT_NOTIFY), by name
SeccompFilter compile_seccomp(const oci::Seccomp& seccomp);

/// Parses and compiles a profile (seccomp_profile.hh), or finds the result of an earlier time in some
/// 25 µs.
/// @param what       names the profile in errors
/// @param bounding   the container's capabilities
/// @param cache_dir  a directory that belongs to the user; -1: none. That it cannot be read or written is no
/// error.
SeccompFilter compile_seccomp_profile(std::string_view text, const std::string& what, sys::CapSet bounding,
                                      int cache_dir);

}  // namespace rpod::runtime
