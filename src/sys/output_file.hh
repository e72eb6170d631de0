// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <string>

#include "sys/fd.hh"

namespace rpod::sys {

/// A file of the user's that is written front to back and appears when it is complete: until then it has no
/// name, or one of its own beside it, so that a failure leaves what was there. What is no regular file (a
/// fifo, /dev/stdout) is written as it comes, and so is a file in a directory where nothing can be made.
class OutputFile {
  public:
    /// @throws SysError
    explicit OutputFile(const std::filesystem::path& path);
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    ~OutputFile();

    int fd() const noexcept { return fd_.get(); }
    /// Gives it its name. @throws SysError
    void finish();

  private:
    void open_temporary(const std::filesystem::path& path);

    Fd fd_;
    Fd dir_;                 ///< where it gets its name; none for what is written directly
    std::string name_;       ///< its name there
    std::string temporary_;  ///< what it is called now; empty: it has no name
};

}  // namespace rpod::sys
