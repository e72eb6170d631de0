// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "container/copy.hh"
#include "container/copy_rules.hh"
#include "sys/rooted_dir.hh"

/// The side of a copy that makes files.
namespace rpod::container {

/// What the sender calls the source in the archive.
constexpr const char* kSentName = "source";

struct ReceiveOptions {
    bool give_to_user;
    bool overwrite;
    std::string user;  ///< "USER[:GROUP]" of the container, looked up in its own files; empty: root
};

/// Unpacks the one file or directory that comes from `in` where cp's rules want it. Inside the container's
/// namespaces; the root is the container's.
void receive_in_container(const sys::RootedDir& root, const CopyPlace& to, const CopySource& source,
                          const ReceiveOptions& options, int in);
/// The same on the host, as the caller, below the directory that the rules name.
void receive_on_host(const CopyPlace& to, const CopySource& source, const ReceiveOptions& options, int in);

/// Unpacks an archive of the user's, in any compression, in a directory of the container.
void receive_archive(const sys::RootedDir& root, const CopyPlace& to, const ReceiveOptions& options, int in);

}  // namespace rpod::container
