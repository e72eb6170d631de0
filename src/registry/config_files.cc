// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/config_files.hh"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "sys/file.hh"

namespace rpod::registry {

std::string home_dir() {
    const char* home = std::getenv("HOME");
    if (home && *home == '/') return home;
    const passwd* entry = ::getpwuid(::getuid());
    return entry && entry->pw_dir ? entry->pw_dir : "";
}

std::string user_config_dir() {
    const char* config = std::getenv("XDG_CONFIG_HOME");
    if (config && *config == '/') return config;
    return home_dir() + "/.config";
}

std::vector<std::string> conf_files(const std::string& directory) {
    const auto fd = sys::find_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
    if (!fd) return {};
    std::vector<std::string> out;
    for (const auto& name : sys::list_dir(fd->get())) {
        if (name.ends_with(".conf")) out.push_back(directory + "/" + name);
    }
    std::sort(out.begin(), out.end());
    return out;
}

}  // namespace rpod::registry
