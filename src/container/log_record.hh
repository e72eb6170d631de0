// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hh"

namespace rpod::container {

enum class LogFormat {
    k8s_file,  ///< "2026-11-28T09:03:11.123456789+00:00 stdout F text"; P: the line goes on in the next
               ///< record
    json_file  ///< {"log":"text\n","stream":"stdout","time":"…"}; without "\n" the line goes on
};

/// One record of a container's log.
struct LogRecord {
    Timestamp time;
    bool is_stderr = false;
    bool ends_line = true;
    std::string text;  ///< without the end of the line
};

/// @param line  without "\n"
/// @return nothing for what is no record (a half-written one after a crash, say)
std::optional<LogRecord> parse_log_record(std::string_view line, LogFormat format);

/// Whether the record is the last of its line, without looking at the rest of it more than needed.
bool ends_log_line(std::string_view line, LogFormat format);

}  // namespace rpod::container
