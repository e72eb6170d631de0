// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "base/json.hh"
#include "container/mount.hh"

namespace rpod::container {

/// An object with "type" (bind, volume, tmpfs, devpts), "destination" and the members of that type.
json::Builder mount_to_json(const Mount& mount);
/// @throws Error that names the member
Mount mount_from_json(const json::Value& value);

}  // namespace rpod::container
