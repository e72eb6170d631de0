// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "store/paths.hh"

/// Commands about containers take the name of a pod, too, and -c for one of its members.
namespace rpod::cli {

/// One container: the one of this name, the member `member` of the pod of this name, or the only member
/// (sidecars and init containers do not count where there are others).
/// @throws Error where there is none, or several
std::string find_one_of(const store::Paths& paths, const std::string& name, const std::string& member);

/// The container of this name, the member `member` of the pod of this name, or all members of it.
std::vector<std::string> find_all_of(const store::Paths& paths, const std::string& name,
                                     const std::string& member);

/// The members of a pod. @throws Error where there is no such pod, or it has none
std::vector<std::string> find_members(const store::Paths& paths, const std::string& pod,
                                      const std::string& member);

}  // namespace rpod::cli
