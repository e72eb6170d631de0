// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>

#include "oci/image_config.hh"

namespace rpod::image {

/// Applies one Containerfile instruction that changes the configuration only (`import --change`, `commit
/// --change`): CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR;
/// "CMD=…" is the same as "CMD …".
/// @throws Error for another instruction, or one that is malformed
void apply_change(oci::RunConfig& config, std::string_view change);

}  // namespace rpod::image
