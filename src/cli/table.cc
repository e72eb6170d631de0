// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/table.hh"

#include <algorithm>
#include <vector>

#include "base/strings.hh"

namespace rpod::cli {
namespace {

constexpr size_t kMinWidth = 12;
constexpr size_t kPadding = 2;

using Line = std::vector<std::string_view>;  ///< cells; the last has no tab behind it

size_t width_of(std::string_view cell) {
    return static_cast<size_t>(
        std::count_if(cell.begin(), cell.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// widths[line][column], for the cells that have a tab behind them.
std::vector<std::vector<size_t>> column_widths(const std::vector<Line>& lines) {
    std::vector<std::vector<size_t>> widths;
    size_t columns = 0;
    for (const auto& line : lines) {
        widths.emplace_back(line.size() - 1);
        columns = std::max(columns, line.size() - 1);
    }
    for (size_t column = 0; column < columns; ++column) {
        for (size_t first = 0; first < lines.size();) {
            size_t last = first;
            size_t width = 0;
            for (; last < lines.size() && column + 1 < lines[last].size(); ++last) {
                width = std::max(width, width_of(lines[last][column]));
            }
            const size_t full = width == 0 ? 0 : std::max(kMinWidth, width + kPadding);
            for (size_t i = first; i < last; ++i) widths[i][column] = std::max(full, kMinWidth);
            first = std::max(last, first + 1);
        }
    }
    return widths;
}

}  // namespace

std::string align_tabs(std::string_view text) {
    if (text.find('\t') == std::string_view::npos) return std::string(text);
    const bool ends = text.ends_with('\n');
    if (ends) text.remove_suffix(1);
    std::vector<Line> lines;
    for (const auto line : split(text, '\n')) lines.push_back(split(line, '\t'));
    const auto widths = column_widths(lines);
    std::string out;
    for (size_t i = 0; i < lines.size(); ++i) {
        for (size_t column = 0; column < lines[i].size(); ++column) {
            const auto cell = lines[i][column];
            out += cell;
            if (column + 1 < lines[i].size()) out.append(widths[i][column] - width_of(cell), ' ');
        }
        if (i + 1 < lines.size() || ends) out += '\n';
    }
    return out;
}

}  // namespace rpod::cli
