// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <optional>

#include "sys/fd.hh"

namespace rpod::container {

/// The namespaces that the root file system of a running container is seen in.
struct RootNamespaces {
    sys::Fd user;
    sys::Fd mount;
    sys::Fd process;  ///< pidfd of its first process
};

/// Nothing where it does not run; a monitor that is about to launch it, or about to end, is waited for by the
/// lock and the records. @throws Error for one that was only initialized
std::optional<RootNamespaces> find_root_namespaces(const std::filesystem::path& directory);

}  // namespace rpod::container
