// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "image/pax.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    rpod::image::PaxRecords records;
    try {
        rpod::image::parse_pax({reinterpret_cast<const char*>(data), size}, records);
    } catch (const rpod::Error&) {
        return 0;
    }
    const auto has_nul = [](const auto& text) { return text && text->find('\0') != std::string::npos; };
    if (has_nul(records.path) || has_nul(records.linkpath) || has_nul(records.sparse.name)) std::abort();
    if (records.mtime && records.mtime->ns >= 1'000'000'000) std::abort();
    for (const auto& [name, value] : records.xattrs) {
        if (name.empty() || name.find('\0') != std::string::npos) std::abort();
    }
    return 0;
}
