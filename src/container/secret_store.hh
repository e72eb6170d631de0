// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "container/record.hh"
#include "store/paths.hh"

/// Secrets: secrets/NAME.json, mode 0600, replaced atomically. Not encrypted: who can read the user's files
/// can read them.
///
///     {"version":1,"id":"7311011365aa3c44bc0835e01","created":"2026-01-02T03:04:05.678901234Z",
///      "updated":"…","labels":{…},"data":"c2VjCg=="}
///
/// Nothing else in the store ever holds what is in `data`.
namespace rpod::container {

struct Secret {
    std::string name;
    std::string id;
    Time created, updated;
    std::map<std::string, std::string> labels;
};

/// @param replace  one of the same name gets the new content, and keeps its ID
/// @throws Error where it exists, or name or content cannot be those of a secret
Secret create_secret(const store::Paths& paths, Secret secret, const std::string& data, bool replace);

/// By name. One whose record cannot be read is left out.
std::vector<Secret> list_secrets(const store::Paths& paths);
/// By its name, its ID or the front of that. @throws Error where several fit
std::optional<Secret> find_secret(const store::Paths& paths, const std::string& name_or_id);
/// @throws Error "no secret with name or id …"
Secret get_secret(const store::Paths& paths, const std::string& name_or_id);

/// What it holds. @throws Error where it is gone
std::string secret_data(const store::Paths& paths, const std::string& name);

void remove_secret(const store::Paths& paths, const Secret& secret);

}  // namespace rpod::container
