// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "pod/events.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "pod/record.hh"
#include "store/event_log.hh"

namespace rpod::pod {

void note_event(const store::Paths& paths, const PodConfig& config, std::string_view status) noexcept {
    store::note_event(
        paths,
        {.type = "pod", .status = std::string(status), .id = config.base.id, .name = config.base.name});
}

void note_event_of(const store::Paths& paths, const std::string& id, std::string_view status) noexcept {
    try {
        note_event(paths, read_pod(paths, id), status);
    } catch (const Error& e) {
        log::debug("event {} of pod {}: {}", status, id, e.what());
    }
}

}  // namespace rpod::pod
