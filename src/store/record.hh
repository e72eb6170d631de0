// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>

#include "base/json.hh"
#include "sys/file.hh"

/// Records are small JSON files with one writer each, replaced atomically; the first member is their format's
/// version:
/// `{"version": 1, …}`.
namespace rpod::store {

/// Which record this is, for the version and for errors: "state.json of container 'web'".
struct RecordKind {
    const char* file;  ///< "state.json"
    int version;
};

/// Nothing where there is no such file. @throws Error that names the record, also for a newer version
/// @param owner  "container 'web'"
std::optional<json::Value> find_record(int dir, const RecordKind& kind, const std::string& owner);
/// An object that has its version already.
json::Builder make_record(const RecordKind& kind);

/// @param sync  yes where a power failure must not take the record away again
void replace_record(int dir, const RecordKind& kind, const json::Builder& record,
                    sys::Sync sync = sys::Sync::no);

}  // namespace rpod::store
