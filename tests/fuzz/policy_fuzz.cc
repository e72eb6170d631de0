// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// policy.json: what is read says yes or no to every name, and what no policy is accepts nothing.
#include <cstdint>
#include <string_view>

#include "base/error.hh"
#include "registry/policy.hh"
#include "registry/search.hh"

namespace {

using namespace rpod;

template <class Fn>
void attempt(Fn fn) {
    try {
        fn();
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    attempt([&] {
        const auto policy = registry::Policy::parse(text, "fuzz");
        for (const char* name : {"a.b.io:5000/x/y:1", "docker.io/library/x:latest"})
            attempt(
                [&] { policy.check("docker", registry::docker_scopes(oci::Reference::parse(name)), name); });
        attempt([&] { policy.check("dir", registry::path_scopes("/srv/a/b", "t"), "x"); });
    });
    attempt([&] { registry::parse_search(text); });
    attempt([&] { registry::parse_catalog(text); });
    return 0;
}
