// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <algorithm>

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "cli/system.hh"

namespace rpod::cli {
namespace {

/// What YAML would read as something else, or not at all, stands in quotes; JSON's are YAML's, too.
std::string scalar(const json::Value& value) {
    if (!value.is_string()) return value.is_null() ? "null" : value.dump();
    const auto text = value.as_string();
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) || c == '/' || c == '.' || c == '_' || c == '-' || c == ' ' || c == '+' ||
               c == '(' || c == ')';
    };
    const bool starts_well =
        !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '/');
    const bool word = text == "true" || text == "false" || text == "null" || text == "yes" || text == "no";
    const bool safe =
        starts_well && !word && text.back() != ' ' && std::all_of(text.begin(), text.end(), plain);
    return safe ? text : value.dump();
}

bool is_block(const json::Value& value) {
    return (value.is_object() && !value.members().empty()) || (value.is_array() && value.count() > 0);
}

std::string inline_text(const json::Value& value) {
    if (value.is_object()) return "{}";
    if (value.is_array()) return "[]";
    return scalar(value);
}

void write(const json::Value& value, size_t depth, std::string& out) {
    const std::string indent(depth * 2, ' ');
    if (value.is_object()) {
        for (const auto& [key, member] : value.members()) {
            out += indent + key + ":";
            if (is_block(member)) {
                out += "\n";
                write(member, depth + 1, out);
            } else {
                out += " " + inline_text(member) + "\n";
            }
        }
        return;
    }
    for (const auto& element : value.elements()) {
        if (!is_block(element)) {
            out += indent + "- " + inline_text(element) + "\n";
            continue;
        }
        std::string block;
        write(element, depth + 1, block);
        // The first line of the block takes the dash in the place of its indentation.
        out += indent + "- " + block.substr((depth + 1) * 2);
    }
}

}  // namespace

std::string to_yaml(const Data& data) {
    std::string out;
    write(json::Value::parse(data.to_json().dump(), "info"), 0, out);
    return out;
}

}  // namespace rpod::cli
