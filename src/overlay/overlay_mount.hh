// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <memory>
#include <string>

#include "overlay/mount_options.hh"
#include "overlay/write_session.hh"

namespace rpod::overlay {

/// A mounted overlay: made by the command, served by the process that lives on.
class OverlayMount {
  public:
    /// Opens the layers and mounts them at `path`: as root of a user namespace, or of the host, by itself;
    /// else through fusermount3. @throws Error
    OverlayMount(const MountOptions& options, const std::string& path);

    /// Answers requests until the file system is unmounted, or a signal (SIGINT, SIGTERM, SIGHUP) asks for
    /// that. For a process with one thread; makes more. @return an exit code
    int serve();

  private:
    void unmount() const noexcept;

    std::string path_;  ///< absolute
    bool by_helper_ = false;
    std::unique_ptr<Overlay> overlay_;
    std::unique_ptr<WriteSession> session_;
};

}  // namespace rpod::overlay
