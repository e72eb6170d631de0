// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/events.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "container/create.hh"
#include "store/event_log.hh"

namespace rpod::container {
namespace {

store::Event make_event(const ContainerConfig& config) {
    return {.type = "container",
            .status = {},
            .id = config.id,
            .name = config.name,
            .image = config.image_name,
            .pod = config.pod,
            .attributes = config.labels};
}

/// One look at the name tells whether it is still this container's; only else the record is read.
std::string name_now(const store::Paths& paths, const store::Event& event) {
    if (container_names(paths).owner(event.name) == event.id) return event.name;
    return current_name(paths.containers() / event.id, event.name);
}

}  // namespace

EventSink event_sink(const store::Paths& paths, const ContainerConfig& config) {
    return [paths, base = make_event(config)](std::string_view status, std::optional<int> exit_code) {
        auto event = base;
        event.status = status;
        event.exit_code = exit_code;
        event.name = name_now(paths, base);
        store::note_event(paths, std::move(event));
    };
}

HealthEventSink health_event_sink(const store::Paths& paths, const ContainerConfig& config) {
    return [paths, base = make_event(config)](std::string_view health) {
        auto event = base;
        event.status = "health_status";
        event.health = health;
        event.name = name_now(paths, base);
        store::note_event(paths, std::move(event));
    };
}

void note_event(const store::Paths& paths, const ContainerConfig& config, std::string_view status,
                std::optional<int> exit_code) noexcept {
    auto event = make_event(config);
    event.status = status;
    event.exit_code = exit_code;
    store::note_event(paths, std::move(event));
}

void note_event_of(const store::Paths& paths, const std::string& id, std::string_view status) noexcept {
    try {
        note_event(paths, read_config(paths.containers() / id), status);
    } catch (const Error& e) {
        log::debug("event {} of {}: {}", status, id, e.what());
    }
}

}  // namespace rpod::container
