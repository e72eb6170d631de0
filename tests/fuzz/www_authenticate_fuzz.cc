// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <cstdlib>
#include <string_view>

#include "registry/challenge.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto challenges = rpod::registry::parse_challenges({reinterpret_cast<const char*>(data), size});
    if (challenges.size() > 16) std::abort();
    for (const auto& challenge : challenges) {
        if (challenge.scheme.empty() || challenge.params.size() > 32) std::abort();
        for (const auto& [name, value] : challenge.params) {
            if (name.empty() || value.size() > size) std::abort();
        }
    }
    return 0;
}
