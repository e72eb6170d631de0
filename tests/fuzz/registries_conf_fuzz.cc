// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <cstdint>

#include "base/error.hh"
#include "registry/registries_conf.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        rpod::registry::RegistriesConf conf;
        conf.add({reinterpret_cast<const char*>(data), size}, "registries.conf");
        for (const char* name : {"debian", "a/b:1", "quay.io/x/y"}) {
            for (const auto& reference : conf.resolve(name)) conf.places(reference);
        }
    } catch (const rpod::Error&) {
    }
    return 0;
}
