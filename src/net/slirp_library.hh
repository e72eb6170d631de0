// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <libslirp.h>

namespace rpod::net {

/// The functions of libslirp that are used here, with the types of its header. The library is loaded when the
/// first stack is made, in rpod:net, and not linked: it brings GLib along, which every process of rpod would
/// otherwise pay for at its start and in its memory. A program that is linked statically, or with its own
/// libslirp, has them inside.
struct SlirpLibrary {
    decltype(&::slirp_new) create;
    decltype(&::slirp_cleanup) cleanup;
    decltype(&::slirp_input) input;
    decltype(&::slirp_pollfds_fill) pollfds_fill;
    decltype(&::slirp_pollfds_poll) pollfds_poll;
    decltype(&::slirp_handle_timer) handle_timer;
    decltype(&::slirp_version_string) version_string;
};

/// Loads it once in the life of the process; needs the host's files. @throws Error that names the package
const SlirpLibrary& libslirp();

}  // namespace rpod::net
