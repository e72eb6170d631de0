// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "sys/fd.hh"

/// What a command writes for its user: it appears under its name when all of it is there.
namespace rpod::sys {

/// A file. Where the name is that of a regular file, or of none, what is written replaces it on commit();
/// pipes, devices, what /dev and /proc name, and files of directories where nothing can be made are written
/// to directly.
class OutputFile {
  public:
    /// @throws SysError
    explicit OutputFile(const std::filesystem::path& path);
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;
    /// Without commit() nothing stays.
    ~OutputFile();

    int fd() const noexcept { return file_.get(); }
    void commit();

  private:
    void open_replacement(mode_t mode);

    std::filesystem::path path_;  ///< links followed
    Fd dir_;                      ///< none: written to directly
    Fd file_;
    std::string temporary_;  ///< its name until commit(); empty: it has none
};

/// A directory, which must not be there yet, or be empty.
class OutputDir {
  public:
    /// @throws Error where there is something else of that name
    explicit OutputDir(const std::filesystem::path& path);
    OutputDir(const OutputDir&) = delete;
    OutputDir& operator=(const OutputDir&) = delete;
    ~OutputDir();

    int fd() const noexcept { return dir_.get(); }
    void commit();

  private:
    std::filesystem::path path_;
    Fd parent_;
    Fd dir_;
    std::string temporary_;
};

}  // namespace rpod::sys
