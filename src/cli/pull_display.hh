// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "image/registry_pull.hh"

namespace rpod::cli {

/// The progress of a pull on a terminal: a line for each layer, which grows while its bytes come. Threads may
/// report at the same time.
class PullDisplay {
  public:
    using Clock = std::chrono::steady_clock;

    /// @param out      borrowed
    /// @param columns  of the terminal
    PullDisplay(std::ostream& out, size_t columns) : out_(out), columns_(columns) {}
    /// A line that stays.
    void line(const std::string& text);
    void report(const image::BlobProgress& progress);

  private:
    struct Layer {
        std::string name;
        uint64_t done = 0;
        uint64_t total = 0;
        Clock::time_point begun{};
    };
    std::string describe(const Layer& layer) const;
    void redraw();

    std::ostream& out_;
    const size_t columns_;
    std::mutex mutex_;
    std::vector<Layer> layers_;
    size_t drawn_ = 0;  ///< lines below the last one that stays
    Clock::time_point last_{};
};

}  // namespace rpod::cli
