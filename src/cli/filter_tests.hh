// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace rpod::cli {

/// "KEY=VALUE". @throws Error
std::pair<std::string, std::string> parse_filter(const std::string& text);

/// The tests that several --filter ask for.
template <class T>
class FilterTests {
  public:
    using Test = std::function<bool(const T&)>;
    /// One that must hold.
    void add_all(Test test) { all_.push_back(std::move(test)); }
    /// Of those with one key one must hold.
    void add_any(const std::string& key, Test test) { any_[key].push_back(std::move(test)); }
    /// labels all, of other keys one
    void add(const std::string& key, Test test) {
        key.starts_with("label") ? add_all(std::move(test)) : add_any(key, std::move(test));
    }
    bool has(const std::string& key) const { return any_.contains(key); }

    bool hold(const T& value) const {
        const auto holds = [&](const Test& test) { return test(value); };
        return std::all_of(all_.begin(), all_.end(), holds) &&
               std::all_of(any_.begin(), any_.end(), [&](const auto& entry) {
                   return std::any_of(entry.second.begin(), entry.second.end(), holds);
               });
    }

  private:
    std::vector<Test> all_;
    std::map<std::string, std::vector<Test>> any_;
};

}  // namespace rpod::cli
