// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/report.hh"

#include "base/strings.hh"
#include "cli/table.hh"
#include "cli/template.hh"

namespace rpod::cli {
namespace {

constexpr std::string_view kTable = "table ";

/// Outside of actions: the two-character escapes that shells leave alone and, in tables, blanks, which
/// separate columns.
std::string prepare(std::string_view format, bool table) {
    std::string out;
    bool in_action = false;
    for (size_t i = 0; i < format.size(); ++i) {
        const std::string_view two = format.substr(i, 2);
        if (two == "{{" || two == "}}") {
            in_action = two == "{{";
            out += two;
            ++i;
        } else if (!in_action && (two == "\\t" || two == "\\n" || two == "\\r")) {
            out += two == "\\t" ? '\t' : two == "\\n" ? '\n' : '\r';
            ++i;
        } else {
            out += !in_action && table && format[i] == ' ' ? '\t' : format[i];
        }
    }
    if (!out.ends_with('\n')) out += '\n';
    return out;
}

std::string capitals(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool upper = c >= 'A' && c <= 'Z';
        const bool before = i > 0 && text[i - 1] >= 'a' && text[i - 1] <= 'z';
        if (upper && before) out += ' ';
        out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return out;
}

/// An object whose fields are the headers of the columns. A method's header is its name.
Data header_row(const Report& report) {
    DataObject row{.type = "headers"};
    for (const auto& [field, header] : report.headers) row.add(field, header);
    row.others = [](const std::string& name) { return Data(capitals(name)); };
    const auto* model = report.items.empty() ? nullptr : report.items.front().object();
    if (!model) return row;
    for (const auto& [name, method] : model->methods) {
        row.methods[name] = [header = capitals(name)](const DataList&) { return Data(header); };
    }
    return row;
}

bool has_own_range(std::string_view text) {
    const auto start = trim(text);
    if (!start.starts_with("{{")) return false;
    const auto inner = trim(start.substr(start.starts_with("{{-") ? 3 : 2));
    return inner.starts_with("range");
}

}  // namespace

std::string render(const Report& report, std::string_view format) {
    if (format == "json") {
        return Data(report.items).to_json().dump(report.json_indent) + "\n";
    }
    const bool table = format.starts_with(kTable) || format == "table";
    const std::string row = prepare(table ? trim(format.substr(5)) : format, table);
    const bool own_range = has_own_range(row);
    const std::string list = own_range ? row : "{{range .}}" + row + "{{end}}";
    const Template body(report.command, list);
    std::string text;
    if (table && report.heading) text = Template(report.command, list).run(DataList{header_row(report)});
    text += body.run(Data(report.items));
    return align_tabs(text);
}

}  // namespace rpod::cli
