// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// A profile is refused, or becomes a filter of a size that the kernel could take.
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "runtime/seccomp_filter.hh"
#include "runtime/seccomp_profile.hh"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace rpod;
    const runtime::SeccompHost host{.architecture = "x86_64", .kernel_major = 6, .kernel_minor = 1};
    try {
        const auto rules = runtime::parse_seccomp_profile({reinterpret_cast<const char*>(data), size},
                                                          "p.json", 0x5a5a5a, host);
        // libseccomp takes milliseconds for many rules; it is not what is tested here.
        if (rules.syscalls.size() > 8) return 0;
        for (const auto& rule : rules.syscalls) {
            if (rule.names.size() > 8 || rule.args.size() > 8) return 0;
        }
        if (runtime::compile_seccomp(rules).program.empty()) std::abort();
    } catch (const Error&) {
    }
    return 0;
}
