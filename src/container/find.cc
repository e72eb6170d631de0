// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/find.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

bool is_id(const std::string& name) {
    return name.size() == 64 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

}  // namespace

std::vector<std::string> container_ids(const store::Paths& paths) {
    const auto fd = sys::find_at(AT_FDCWD, paths.containers(), O_RDONLY | O_DIRECTORY);
    if (!fd) return {};
    auto names = sys::list_dir(fd->get());
    std::erase_if(names, [](const auto& name) { return !is_id(name); });
    return names;
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
