// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

namespace rpod::registry {

/// $XDG_CONFIG_HOME, or ~/.config.
std::string user_config_dir();
/// $HOME, or that of the passwd entry; empty where there is none.
std::string home_dir();
/// The files DIRECTORY/*.conf by name; none where there is no such directory.
std::vector<std::string> conf_files(const std::string& directory);

}  // namespace rpod::registry
