// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "oci/runtime_spec.hh"
#include "sys/capability.hh"

/// Seccomp profiles in the format of containers-common and Docker (--security-opt seccomp=FILE): an OCI
/// `seccomp` section whose rules may depend on the container's capabilities, the machine and the kernel.
namespace rpod::runtime {

/// What the rules of a profile may depend on.
struct SeccompHost {
    std::string architecture;  ///< as libseccomp calls it: "x86_64"
    int kernel_major = 0, kernel_minor = 0;

    /// The machine that this runs on.
    static SeccompHost current();
};

/// The profile of containers-common, the same that podman uses.
std::string_view default_seccomp_profile();

/// The rules that apply, as the OCI section.
/// @param what      names the profile in errors
/// @param bounding  the container's capabilities
/// @throws Error that names the member
oci::Seccomp parse_seccomp_profile(std::string_view text, const std::string& what, sys::CapSet bounding,
                                   const SeccompHost& host);

}  // namespace rpod::runtime
