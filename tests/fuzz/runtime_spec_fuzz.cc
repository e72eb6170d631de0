// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// A config.json that is accepted is written and read back as the same spec.
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "oci/runtime_spec.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using rpod::oci::RuntimeSpec;
    RuntimeSpec spec;
    try {
        spec = RuntimeSpec::parse({reinterpret_cast<const char*>(data), size}, "config.json");
    } catch (const rpod::Error&) {
        return 0;
    }
    spec.unsupported.clear();  // not written
    if (!(RuntimeSpec::parse(spec.to_json(), "again") == spec)) std::abort();
    return 0;
}
