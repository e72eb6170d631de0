// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "store/paths.hh"

/// Files into containers and out of them. What belongs to a container is only touched by a process inside its
/// user and mount namespaces (container/root_access.hh), through its rooted directory, so that no link leads
/// to a file of the host, whatever is renamed meanwhile; what comes from there is an archive in a pipe, which
/// is unpacked below the one directory of the host that was named.
namespace rpod::container {

/// One side of a copy.
struct CopyPlace {
    std::string container;  ///< ID; empty: the host
    std::string name;       ///< of the container as typed, for errors
    std::string path;       ///< as typed; of the host, "-" is a standard stream with an archive
    bool is_stream() const { return container.empty() && path == "-"; }
    std::string where() const { return container.empty() ? "on the host" : "on container " + name; }
};

struct CopyOptions {
    /// What goes into a container is given to the container's user; else owners stay, of the host's files as
    /// the session's user namespace shows them.
    bool give_to_user = true;
    /// A directory may take the place of something else, and the other way round.
    bool overwrite = false;
    int in = 0;  ///< for "-", borrowed
    int out = 1;
};

/// @throws Error in podman's words
void copy_files(const store::Paths& paths, const CopyPlace& from, const CopyPlace& to,
                const CopyOptions& options);

}  // namespace rpod::container
