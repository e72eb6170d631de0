// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>

#include "cli/data.hh"
#include "container/health_config.hh"
#include "container/health_state.hh"
#include "oci/image_config.hh"

/// What `inspect` shows of health checks.
namespace rpod::cli {

/// Of an image; nil where it has none.
Data view_of(const std::optional<oci::Healthcheck>& check);
/// .State.Health: without a check its status is "".
DataObject inspect_health(const std::optional<container::HealthState>& health);
/// .Config.Healthcheck and .Config.StartupHealthCheck: what is run, where anything is.
void add_health(DataObject& out, const container::HealthConfig& config, const oci::RunConfig* image);

}  // namespace rpod::cli
