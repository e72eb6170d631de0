// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hh"

namespace rpod::store {

/// Something that happened in the store, in podman's words.
struct Event {
    std::string type;    ///< "container", "image", "volume", "secret"
    std::string status;  ///< "create", "died", …
    std::string id{};
    std::string name{};
    std::string image{};                              ///< of a container: its whole name
    std::string pod{};                                ///< of a container: the ID of its pod
    std::string health{};                             ///< of "health_status"
    std::map<std::string, std::string> attributes{};  ///< of a container: its labels
    std::optional<int> exit_code{};                   ///< of "died" and "exec_died"
    Timestamp time{};
};

/// One line of the log, with its end; the members that are empty are left out:
/// {"time":"2026-01-02T03:04:05.678901234Z","type":"container","status":"died","id":"4f…","name":"web",
///  "image":"localhost/busybox:latest","attributes":{"a":"b"},"exit_code":0}
std::string to_line(const Event& event);

/// Nothing for a line that is none: a full disk may have cut it.
std::optional<Event> parse_event(std::string_view line);

}  // namespace rpod::store
