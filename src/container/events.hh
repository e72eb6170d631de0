// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "container/config.hh"
#include "store/paths.hh"

/// What happens to containers, told to the log of events (store/event_log.hh). Nothing here fails or waits.
namespace rpod::container {

/// Notes that something ("start", "died", …) has happened to one container.
using EventSink = std::function<void(std::string_view status, std::optional<int> exit_code)>;

/// The same of the state of its health ("healthy").
using HealthEventSink = std::function<void(std::string_view health)>;

/// For a process that has many to tell of one container, which may be renamed meanwhile.
EventSink event_sink(const store::Paths& paths, const ContainerConfig& config);
HealthEventSink health_event_sink(const store::Paths& paths, const ContainerConfig& config);

/// One event. @param config  as recorded
void note_event(const store::Paths& paths, const ContainerConfig& config, std::string_view status,
                std::optional<int> exit_code = {}) noexcept;

/// The same where the record was not read. A container that is gone has no events.
void note_event_of(const store::Paths& paths, const std::string& id, std::string_view status) noexcept;

}  // namespace rpod::container
