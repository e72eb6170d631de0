// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "base/json.hh"
#include "container/health_config.hh"

namespace rpod::container {

/// The member "health" of config.json; what was not asked for is absent:
/// {"on_failure": "kill", "test": ["CMD-SHELL", "…"], "interval_ns": 0, "timeout_ns": 0, "start_period_ns":
/// 0,
///  "retries": 3, "startup": {"test": […], "interval_ns": 0, "timeout_ns": 0, "retries": 0, "successes": 0}}
json::Builder health_to_json(const HealthConfig& health);
HealthConfig health_from_json(const json::Value& value);

}  // namespace rpod::container
