// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <string>

namespace rpod::store {

/// Every path below the store and the runtime directory, in one place. A value: it touches nothing.
///
///     ROOT/                     ~/.local/share/rpod, or --root
///       version                 "rpod store 1\n"
///       lock                    the store lock (store/lock.hh)
///       session  session.lock   who lives in the session user namespace (userns/launcher.hh)
///       oci/                    an OCI image layout (image/image_store.hh)
///       index/CHAINID           chain indexes, a cache
///       trees/CHAINID/          images unpacked (image/unpacked.hh)
///       seccomp/                compiled filters, a cache (runtime/seccomp_filter.hh)
///       events/                 what happened (store/event_log.hh)
///       containers/ID/  pods/ID/  volumes/NAME/  networks/NAME.json  secrets/NAME.json
///     RUN/                      $XDG_RUNTIME_DIR/rpod, or --runroot: what may vanish
class Paths {
  public:
    /// From the flags (empty: not given) and the environment: XDG_DATA_HOME, HOME or the passwd entry. RUN
    /// falls back to /tmp/rpod-run-UID, and to ROOT/run where somebody else owns that. @throws Error where
    /// there is no home directory
    static Paths locate(const std::string& root_flag, const std::string& runroot_flag);
    Paths(std::filesystem::path root, std::filesystem::path run)
        : root_(std::move(root)), run_(std::move(run)) {}

    const std::filesystem::path& root() const noexcept { return root_; }
    const std::filesystem::path& run() const noexcept { return run_; }
    std::filesystem::path version_file() const { return root_ / "version"; }
    std::filesystem::path lock_file() const { return root_ / "lock"; }
    std::filesystem::path session_lock() const { return root_ / "session.lock"; }
    std::filesystem::path session_holders() const { return root_ / "session"; }
    std::filesystem::path oci() const { return root_ / "oci"; }
    std::filesystem::path blobs() const { return root_ / "oci/blobs/sha256"; }
    std::filesystem::path chain_indexes() const { return root_ / "index"; }
    std::filesystem::path trees() const { return root_ / "trees"; }
    std::filesystem::path seccomp_cache() const { return root_ / "seccomp"; }
    std::filesystem::path events() const { return root_ / "events"; }
    std::filesystem::path containers() const { return root_ / "containers"; }
    std::filesystem::path pods() const { return root_ / "pods"; }
    std::filesystem::path volumes() const { return root_ / "volumes"; }
    std::filesystem::path networks() const { return root_ / "networks"; }
    std::filesystem::path secrets() const { return root_ / "secrets"; }

  private:
    std::filesystem::path root_;
    std::filesystem::path run_;
};

/// Makes ROOT (mode 0700) with its version file, or checks the version of the one that is there. Cheap; every
/// command that uses the store calls it first. @throws Error for a store of a newer rpod, or a directory that
/// is something else
void open_root(const Paths& paths);

/// Makes RUN (mode 0700). @throws Error where it is there and belongs to somebody else or is open to others
void open_run(const Paths& paths);

}  // namespace rpod::store
