// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/pod_member.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "pod/record.hh"

namespace rpod::cli {
namespace {

/// By its name, its ID, or the name without the pod's in front, which `kube play` gives.
std::string find_member(const store::Paths& paths, const std::string& pod,
                        const std::vector<std::string>& members, const std::string& wanted) {
    const auto pod_name = pod::read_pod(paths, pod).base.name;
    for (const auto& id : members) {
        const auto name = container::read_config(paths.containers() / id).name;
        if (name == wanted || name == pod_name + "-" + wanted) return id;
    }
    const auto match = store::match_prefix(members, wanted);
    if (match.id) return *match.id;
    throw Error("pod {} has no container with name or ID \"{}\": no such container", pod_name,
                printable(wanted));
}

}  // namespace

std::vector<std::string> find_members(const store::Paths& paths, const std::string& pod,
                                      const std::string& member) {
    const auto id = pod::find_pod(paths, pod);
    auto members = pod::member_ids(paths, id);
    if (!member.empty()) return {find_member(paths, id, members, member)};
    if (members.empty()) throw Error("pod {} has no containers", printable(pod));
    return members;
}

std::vector<std::string> find_all_of(const store::Paths& paths, const std::string& name,
                                     const std::string& member) {
    const auto container = member.empty() ? container::lookup_container(paths, name) : std::nullopt;
    if (container) return {*container};
    if (!member.empty() || pod::lookup_pod(paths, name)) return find_members(paths, name, member);
    return {container::find_container(paths, name).id};
}

std::string find_one_of(const store::Paths& paths, const std::string& name, const std::string& member) {
    auto found = find_all_of(paths, name, member);
    if (found.size() > 1) {
        std::erase_if(found, [&](const std::string& id) {
            return !container::read_config(paths.containers() / id).init_container.empty();
        });
    }
    if (found.size() == 1) return found.front();
    std::vector<std::string> names;
    for (const auto& id : found) names.push_back(container::read_config(paths.containers() / id).name);
    throw Error("pod {} has several containers", printable(name))
        .with_hint(fmt::format("name one with -c: {}", join(names, ", ")));
}

}  // namespace rpod::cli
