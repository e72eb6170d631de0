// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/slirp_library.hh"

#include <dlfcn.h>

#include "base/error.hh"

namespace rpod::net {
namespace {

#ifdef RPOD_SLIRP_LINKED

SlirpLibrary load() {
    return {.create = ::slirp_new,
            .cleanup = ::slirp_cleanup,
            .input = ::slirp_input,
            .pollfds_fill = ::slirp_pollfds_fill,
            .pollfds_poll = ::slirp_pollfds_poll,
            .handle_timer = ::slirp_handle_timer,
            .version_string = ::slirp_version_string};
}

#else

template <class Function>
void find(void* library, const char* name, Function& into) {
    into = reinterpret_cast<Function>(::dlsym(library, name));
    if (!into) throw Error("load libslirp: it has no {}", name).with_hint("rpod needs libslirp 4.7 or newer");
}

SlirpLibrary load() {
    // All symbols now: later, in the sandbox, the loader could not open a file.
    void* library = ::dlopen("libslirp.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char* why = ::dlerror();
        throw Error("load libslirp, which connects containers with the network: {}",
                    why ? why : "unknown error")
            .with_hint("install the package libslirp0, or run with --network none or host");
    }
    SlirpLibrary table{};
    find(library, "slirp_new", table.create);
    find(library, "slirp_cleanup", table.cleanup);
    find(library, "slirp_input", table.input);
    find(library, "slirp_pollfds_fill", table.pollfds_fill);
    find(library, "slirp_pollfds_poll", table.pollfds_poll);
    find(library, "slirp_handle_timer", table.handle_timer);
    find(library, "slirp_version_string", table.version_string);
    return table;
}

#endif

}  // namespace

const SlirpLibrary& libslirp() {
    static const SlirpLibrary table = load();
    return table;
}

}  // namespace rpod::net
