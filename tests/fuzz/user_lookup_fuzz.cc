// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Input: "USER[:GROUP]", a NUL byte, /etc/passwd, a NUL byte, /etc/group. No ID that comes out is out of
// range.
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "base/strings.hh"
#include "runtime/user_lookup.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto parts = rpod::split({reinterpret_cast<const char*>(data), size}, '\0', 3);
    if (parts.size() < 3) return 0;
    try {
        const rpod::oci::User asked{.name = std::string(parts[0])};
        const auto user = rpod::runtime::resolve_user(asked, parts[1], parts[2]);
        constexpr auto max = rpod::runtime::kMaxContainerId;
        if (user.uid > max || user.gid > max || user.home.empty() || user.home[0] != '/') std::abort();
        for (const auto gid : user.groups) {
            if (gid > max) std::abort();
        }
    } catch (const rpod::Error&) {
    }
    return 0;
}
