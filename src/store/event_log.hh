// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>

#include "store/event.hh"
#include "store/paths.hh"

/// The log of what happens: events/log in the store, and events/log.1 before it. Every command and every
/// monitor appends to it, in whatever order they come to it:
///
///   - An event is one write(2) of one line (store/event.hh) with O_APPEND: lines never mix, and who dies
///     leaves a whole line or none. Only a full disk can cut a line; readers pass over what is no event.
///   - Whoever finds the file above its limit renames it to log.1, over the older one: a rename under the
///     lock of the file that is renamed, so that two never do it to two files. Nobody waits: one that does
///     not get the lock leaves it to its holder.
///   - Readers (store/event_reader.hh) take no lock and are never waited for.
namespace rpod::store {

constexpr const char* kEventLog = "log";
constexpr const char* kOldEventLog = "log.1";
constexpr uint64_t kEventLogBytes = 1 << 20;

/// Appends the event, with the present time where it has none. What was done is done: a log that cannot be
/// written is no failure of it, and is told at the debug level alone.
void note_event(const Paths& paths, Event event) noexcept;

}  // namespace rpod::store
