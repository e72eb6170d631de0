// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/pull_display.hh"

#include <algorithm>

#include "base/error.hh"

namespace rpod::cli {
namespace {

constexpr auto kInterval = std::chrono::milliseconds(100);
constexpr size_t kBar = 24;

/// "12.3MB", as podman has it.
std::string size_text(uint64_t bytes) {
    constexpr const char* units[] = {"B", "kB", "MB", "GB", "TB"};
    auto value = static_cast<double>(bytes);
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < std::size(units); ++unit) value /= 1000;
    return unit == 0 ? fmt::format("{}B", bytes) : fmt::format("{:.1f}{}", value, units[unit]);
}

}  // namespace

std::string PullDisplay::describe(const Layer& layer) const {
    std::string text = "Copying blob " + layer.name;
    if (layer.done >= layer.total) return text + " done";
    const size_t full = layer.total == 0 ? 0 : kBar * layer.done / layer.total;
    text += " [" + std::string(full, '=') + (full < kBar ? ">" : "") +
            std::string(kBar - std::min(kBar, full + 1), '-') + "] ";
    text += size_text(layer.done) + " / " + size_text(layer.total);
    const double seconds = std::chrono::duration<double>(Clock::now() - layer.begun).count();
    if (seconds > 1 && layer.done > 0) {
        const double speed = static_cast<double>(layer.done) / seconds;
        text += fmt::format(" | {}/s, {:.0f}s left", size_text(static_cast<uint64_t>(speed)),
                            static_cast<double>(layer.total - layer.done) / speed);
    }
    // A line that wraps would take two, and the next drawing would begin too low.
    return text.substr(0, columns_ > 1 ? columns_ - 1 : text.size());
}

void PullDisplay::redraw() {
    std::string text;
    if (drawn_ > 0) text += fmt::format("\x1b[{}A", drawn_);
    for (const auto& layer : layers_) text += "\r\x1b[K" + describe(layer) + "\n";
    drawn_ = layers_.size();
    last_ = Clock::now();
    out_ << text;
    out_.flush();
}

void PullDisplay::line(const std::string& text) {
    const std::lock_guard guard(mutex_);
    if (!layers_.empty()) redraw();
    layers_.clear();
    drawn_ = 0;
    out_ << text + "\n";
    out_.flush();
}

void PullDisplay::report(const image::BlobProgress& progress) {
    const std::lock_guard guard(mutex_);
    const std::string name = progress.digest.short_hex();
    auto it = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& l) { return l.name == name; });
    const bool first = it == layers_.end();
    if (first) it = layers_.insert(it, Layer{.name = name, .total = progress.total, .begun = Clock::now()});
    it->done = progress.done;
    if (first || progress.done == progress.total || Clock::now() - last_ > kInterval) redraw();
}

}  // namespace rpod::cli
