// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hh"

/// containers.conf(5): the defaults that users and machines set for new containers.
namespace rpod::cli {

class ContainersConf {
  public:
    /// $CONTAINERS_CONF alone where it is set; else, each overriding those before it,
    /// /usr/share/containers/containers.conf, /etc/containers/containers.conf, its containers.conf.d/*.conf,
    /// and the same two of $XDG_CONFIG_HOME/containers. Last $CONTAINERS_CONF_OVERRIDE.
    /// @throws Error for a file that cannot be read or is not TOML; one that is not there is no error
    static ContainersConf load();

    /// @param text  of a file: what it sets overrides what was set before
    void add(std::string text, const std::string& file);

    /// Values by table and key: "containers.netns". Nothing where no file sets it.
    /// @throws Error with file and line for a value of another type
    std::optional<std::string> text(std::string_view key) const;
    std::optional<bool> flag(std::string_view key) const;
    std::optional<uint32_t> number(std::string_view key) const;  ///< negative ones count as not set
    std::vector<std::string> list(std::string_view key) const;   ///< empty where not set

    /// The keys that are set, sorted.
    std::vector<std::string> keys() const;
    /// What a key is set to: text as it is, all else as JSON. The key must be set.
    std::string shown(std::string_view key) const;
    /// Where: "FILE:LINE". The key must be set.
    std::string origin(std::string_view key) const;

  private:
    struct Setting {
        json::Value value;
        size_t file;  ///< in files_
    };
    struct File {
        std::string name;
        std::string text;
    };
    const Setting* find(std::string_view key) const;
    [[noreturn]] void fail(std::string_view key, std::string_view expected) const;
    std::map<std::string, Setting, std::less<>> settings_;
    std::vector<File> files_;
};

}  // namespace rpod::cli
