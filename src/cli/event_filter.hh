// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

#include "cli/filter_tests.hh"
#include "store/event.hh"

namespace rpod::cli {

/// Which events `events` shows: --filter KEY=VALUE, where KEY is container, event (or status), image, label,
/// pod, type or volume. Of several with one key, one must hold; of each key one.
class EventFilter {
  public:
    /// @throws Error for what is no filter
    explicit EventFilter(const std::vector<std::string>& filters);
    bool matches(const store::Event& event) const { return tests_.hold(event); }

  private:
    FilterTests<store::Event> tests_;
};

}  // namespace rpod::cli
