// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

namespace rpod::container {

/// Gives a variable of an environment ("NAME=value" lines) a value, in place of one that it has.
inline void set_variable(std::vector<std::string>& env, const std::string& name, const std::string& value) {
    std::erase_if(env, [&](const std::string& line) { return line.starts_with(name + "="); });
    env.push_back(name + "=" + value);
}

}  // namespace rpod::container
