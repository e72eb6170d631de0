// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "container/spec.hh"

/// The parts of make_spec, one for each section of the runtime spec; for spec*.cc alone.
namespace rpod::container {

struct SpecInput {
    const ContainerConfig& config;
    const oci::RunConfig* image;  ///< null with --rootfs
    const HostFacts& facts;
};

oci::Process make_process(const SpecInput& in);                      // spec_process.cc
std::vector<oci::Mount> make_mounts(const SpecInput& in);            // spec_mounts.cc
void set_masked_paths(const SpecInput& in, oci::Linux& linux_part);  // spec_mounts.cc

}  // namespace rpod::container
