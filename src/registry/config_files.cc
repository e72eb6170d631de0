// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/config_files.hh"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

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

}  // namespace rpod::registry
