// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <regex.h>

#include <map>
#include <memory>
#include <string>

#include "base/time.hh"

/// Values that the filters of several commands have in common.
namespace rpod::cli {

/// A regular expression (POSIX, extended) that is looked for anywhere in a text.
class Pattern {
  public:
    /// @throws Error
    explicit Pattern(const std::string& text);
    bool matches(const std::string& text) const;

  private:
    std::shared_ptr<regex_t> compiled_;
};

/// "KEY" or "KEY=VALUE".
bool has_label(const std::map<std::string, std::string>& labels, const std::string& value);

/// A duration before now ("10m"), seconds since 1970, or a time. @throws Error
Timestamp parse_moment(const std::string& value);

/// @throws Error where it is none of Go's words for a truth value
bool parse_bool_value(const std::string& value, const std::string& filter);

}  // namespace rpod::cli
