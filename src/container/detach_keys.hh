// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

namespace rpod::container {

constexpr std::string_view kDefaultDetachKeys = "ctrl-p,ctrl-q";

/// Finds the keys by which a user leaves a terminal without ending what runs there.
class DetachKeys {
  public:
    /// @param keys  "ctrl-p,ctrl-q": single characters and "ctrl-" with a letter or one of @[\]^_, between
    /// commas; empty: none
    /// @throws Error
    explicit DetachKeys(std::string_view keys);

    struct Passed {
        std::string data;  ///< what goes on: keys that may yet become the sequence are kept back
        bool detached = false;
    };
    Passed take(std::string_view typed);

  private:
    std::string sequence_;
    size_t matched_ = 0;
};

}  // namespace rpod::container
