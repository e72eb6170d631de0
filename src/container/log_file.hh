// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "container/log_record.hh"
#include "sys/fd.hh"

namespace rpod::container {

/// The log of a container, its current file and the one before (".1", after a rotation), read record by
/// record. The writer is never waited for, nor does it ever wait for us.
class LogFile {
  public:
    /// @param path  of the current file, which need not be there yet
    LogFile(std::filesystem::path path, LogFormat format);

    /// Goes to where the last `lines` whole lines begin.
    void skip_to_tail(uint64_t lines);

    /// Hands over every complete record that there is now, through any rotations. @return false where `take`
    /// said that it wants no more
    bool read_available(const std::function<bool(const LogRecord&)>& take);

  private:
    void open_files();
    bool read_current(const std::function<bool(const LogRecord&)>& take);
    bool take_lines(const std::function<bool(const LogRecord&)>& take);
    /// Whether the file behind current_ is no longer what the path names; then goes on to the next.
    bool advance();

    std::filesystem::path path_;
    LogFormat format_;
    sys::Fd current_;  ///< what is read now
    sys::Fd next_;     ///< to be read after it
    std::string rest_;
};

}  // namespace rpod::container
