// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// /etc/subuid of any content makes a map that the kernel would take, or an error; /proc/PID/uid_map is read
// as it was written.
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "userns/id_map.hh"
#include "userns/subid.hh"

namespace {

using namespace rpod;
using namespace rpod::userns;

void require(bool good) {
    if (!good) std::abort();
}

void check_map(const IdMap& map) {
    require(IdMap::from_proc(map.to_proc()) == map);
    uint64_t end = 0;
    for (const auto& extent : map.extents()) {
        require(extent.size > 0 && extent.inside >= end);
        end = uint64_t{extent.inside} + extent.size;
        require(end < UINT32_MAX && uint64_t{extent.outside} + extent.size < UINT32_MAX + uint64_t{1});
        require(map.to_outside(extent.inside) == extent.outside &&
                map.to_inside(extent.outside) == extent.inside);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto ranges = parse_subid(text, "user", 1000);
    try {
        check_map(session_map(IdKind::uid, 1000, ranges));
    } catch (const Error&) {
    }
    try {
        check_map(IdMap::from_proc(text));
    } catch (const Error&) {
    }
    return 0;
}
