// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string_view>
#include <vector>

#include "container/mount.hh"

namespace rpod::container {

/// -v: "[SOURCE:]DESTINATION[:OPTION,…]". A source that begins with '/' or '.' is a path of the host
/// (relative to cwd), another one names a volume, none asks for an anonymous volume. "\:" is a colon in a
/// path.
/// @throws Error that quotes the text and names what is wrong or not supported
Mount parse_volume(std::string_view text, std::string_view cwd);

/// --mount: "type=TYPE,KEY=VALUE,…", comma-separated as in CSV ("…" around a field that has commas). TYPE is
/// bind, volume (the default), tmpfs or devpts.
Mount parse_mount(std::string_view text, std::string_view cwd);

/// --tmpfs: "DESTINATION[:OPTION,…]".
TmpfsMount parse_tmpfs(std::string_view text);

/// @throws Error where two mounts have one destination
void require_distinct_destinations(const std::vector<Mount>& mounts);

}  // namespace rpod::container
