// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "pod/config.hh"
#include "store/paths.hh"

/// What happens to pods as a whole, told to the log of events (store/event_log.hh). Nothing here fails or
/// waits.
namespace rpod::pod {

/// "create", "start", "stop", "kill", "pause", "unpause", "remove". @param config  as recorded
void note_event(const store::Paths& paths, const PodConfig& config, std::string_view status) noexcept;
/// The same where the record was not read. A pod that is gone has no events.
void note_event_of(const store::Paths& paths, const std::string& id, std::string_view status) noexcept;

}  // namespace rpod::pod
