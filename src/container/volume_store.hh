// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "container/record.hh"
#include "store/paths.hh"

/// Volumes as things of their own: volumes/NAME/_data, with volume.json beside it.
///
///     {"version":1,"name":"db","anonymous":false,"created":"2026-01-02T03:04:05.678901234Z",
///      "labels":{…},"options":{…},"uid":0,"gid":0}
///
/// The last four may be missing. A volume of the type "bind" has a symbolic link in the place of _data, to
/// the directory that it stands for; it lies where no container reaches it.
namespace rpod::container {

struct Volume {
    std::string name;
    bool anonymous = false;
    Time created;
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> options;  ///< as typed: type, device, o
    std::optional<uint32_t> uid, gid;            ///< owner of its root, as containers see it
};

/// Where its content is.
std::filesystem::path volume_data(const store::Paths& paths, const std::string& name);

/// Claims the name (a random one where it is empty, which makes it anonymous no more than podman does).
/// @throws Error where it exists, or an option is unknown
Volume create_volume(const store::Paths& paths, Volume volume);

/// All volumes, by name. One whose record cannot be read is left out.
std::vector<Volume> list_volumes(const store::Paths& paths);
/// By its name or the front of it. @throws Error where several fit
std::optional<Volume> find_volume(const store::Paths& paths, const std::string& name);

/// The containers that use each volume, by the volume's name.
std::map<std::string, std::vector<std::string>> volume_users(const store::Paths& paths);

/// Takes those that no container uses away, then removes their content as the session's root.
/// @return the names of those that went
std::vector<std::string> remove_volumes(const store::Paths& paths, const std::vector<std::string>& names);

}  // namespace rpod::container
