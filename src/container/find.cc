// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/find.hh"

#include "base/error.hh"
#include "base/strings.hh"
#include "store/names.hh"

namespace rpod::container {

std::vector<std::string> container_ids(const store::Paths& paths) {
    return store::record_ids(paths.containers());
}

std::optional<std::string> lookup_container(const store::Paths& paths, const std::string& name_or_id) {
    return store::lookup_record(paths.containers(), "container", name_or_id);
}

Found find_container(const store::Paths& paths, const std::string& name_or_id) {
    if (auto id = lookup_container(paths, name_or_id)) return {.id = *std::move(id)};
    throw Error("no container with name or ID \"{}\" found: no such container", printable(name_or_id));
}

}  // namespace rpod::container
