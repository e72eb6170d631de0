// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/slirp_library.hh"

#include "sys/library.hh"

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

SlirpLibrary load() {
    const sys::Library library({"libslirp.so.0"},
                               {.name = "libslirp",
                                .purpose = "which connects containers with the network",
                                .hint = "install the package libslirp0, or run with --network none or host",
                                .old_hint = "rpod needs libslirp 4.7 or newer"});
    SlirpLibrary table{};
    library.find("slirp_new", table.create);
    library.find("slirp_cleanup", table.cleanup);
    library.find("slirp_input", table.input);
    library.find("slirp_pollfds_fill", table.pollfds_fill);
    library.find("slirp_pollfds_poll", table.pollfds_poll);
    library.find("slirp_handle_timer", table.handle_timer);
    library.find("slirp_version_string", table.version_string);
    return table;
}

#endif

}  // namespace

const SlirpLibrary& libslirp() {
    static const SlirpLibrary table = load();
    return table;
}

}  // namespace rpod::net
