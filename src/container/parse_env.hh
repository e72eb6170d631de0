// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "container/config.hh"

namespace rpod::container {

/// The environment of who asks, as a list.
using HostEnv = std::vector<EnvVar>;

/// Sets or replaces; the place of the first setting stays.
void set_env(std::vector<EnvVar>& env, EnvVar variable);

/// One -e: "NAME=VALUE"; "NAME" takes the host's value, where there is one; "PREFIX*" all of the host's that
/// begin so.
/// @throws Error where the name is empty or has blanks
void take_env(std::vector<EnvVar>& env, std::string_view text, const HostEnv& host);

/// A file for --env-file: lines as for -e, literally (no quotes); blank lines and those that begin with '#'
/// are skipped.
/// @param what  names the file in errors
void take_env_file(std::vector<EnvVar>& env, std::string_view content, const HostEnv& host,
                   std::string_view what);

/// "KEY[=VALUE]". @throws Error where the key is empty
std::pair<std::string, std::string> parse_label(std::string_view text, std::string_view flag);
/// Adds what parse_label reads; the last of a name wins.
void take_label(std::map<std::string, std::string>& labels, std::string_view text, std::string_view flag);
/// A file for --label-file: one label a line.
void take_label_file(std::map<std::string, std::string>& labels, std::string_view content,
                     std::string_view what);

/// The proxy variables of the host that containers get (podman-run(1), --http-proxy), in both spellings.
std::vector<EnvVar> proxy_env(const HostEnv& host);

}  // namespace rpod::container
