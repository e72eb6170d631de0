// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <string_view>

#include "container/config.hh"
#include "sys/fd.hh"

namespace rpod::container {

enum class LogStream { out, err };

/// What a container writes, as a file: containers/ID/ctr.log.
///
/// k8s-file, as conmon writes it: `TIME stdout|stderr F|P TEXT`. A line that does not end where the data ends
/// is a partial one (P) and goes on in the next entry of its stream. TEXT is kept byte by byte: the texts of
/// a stream one after the other, with a newline behind each F, are what the container wrote.
///
/// json-file, as docker writes it: {"log":"TEXT\n","stream":"stdout","time":"TIME"}. JSON is UTF-8: a byte
/// that is not becomes U+FFFD.
///
/// With max-size, a file never grows beyond it: ctr.log becomes ctr.log.1 (in the place of the one before),
/// and a new one begins.
class LogWriter {
  public:
    /// Opens nothing for the drivers `none` and `passthrough`. Appends to what is there.
    LogWriter(const std::filesystem::path& directory, const LogConfig& config);

    /// One write(2) for all of it, more only where the file is rotated. A file system that is full costs the
    /// log, not the container: what cannot be written is dropped, with a warning in the monitor's own log.
    void write(LogStream stream, std::string_view data);
    /// What json-file held back: the first bytes of a character whose rest never came.
    void finish();

  private:
    void write_json(LogStream stream, std::string_view data);
    void add_k8s(LogStream stream, std::string_view text, bool full);
    void add_json(LogStream stream, std::string_view text, bool full);
    void add_lines(LogStream stream, std::string_view data);
    void add(std::string_view entry);
    void flush();
    void rotate();
    void open();
    void update_time();

    sys::Fd directory_;
    sys::Fd file_;
    bool json_ = false;
    bool warned_ = false;
    uint64_t max_size_ = 0;
    uint64_t size_ = 0;  ///< of the file, with what is in buffer_
    std::string buffer_;
    std::string entry_;
    std::string incomplete_[2];  ///< json: the beginning of a UTF-8 character
    timespec now_{};
    time_t second_ = -1;  ///< which time_text_ is about
    std::string second_text_, zone_text_;
    std::string time_text_;
};

}  // namespace rpod::container
