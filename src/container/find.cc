// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/find.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "store/names.hh"

namespace rpod::container {

std::vector<std::string> container_ids(const store::Paths& paths) {
    return store::record_ids(paths.containers());
}

std::optional<std::string> lookup_container(const store::Paths& paths, const std::string& name_or_id) {
    const auto ids = container_ids(paths);
    if (store::is_valid_name(name_or_id)) {
        const auto owner = container_names(paths).owner(name_or_id);
        if (owner && std::find(ids.begin(), ids.end(), *owner) != ids.end()) return *owner;
    }
    const auto match = store::match_prefix(ids, name_or_id);
    if (match.ambiguous)
        throw Error("more than one container has an ID that begins with \"{}\"", printable(name_or_id));
    return match.id;
}

Found find_container(const store::Paths& paths, const std::string& name_or_id) {
    if (auto id = lookup_container(paths, name_or_id)) return {.id = *std::move(id)};
    throw Error("no container with name or ID \"{}\" found: no such container", printable(name_or_id));
}

}  // namespace rpod::container
