// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.hh"
#include "base/json.hh"

/// The words for the values of an enum, in records and on the command line: one table for both directions.
namespace rpod::container {

template <class E, size_t N>
using EnumNames = std::array<std::pair<E, std::string_view>, N>;

template <class E, size_t N>
std::string_view name_of(const EnumNames<E, N>& names, E value) {
    for (const auto& [e, name] : names) {
        if (e == value) return name;
    }
    return "?";
}

template <class E, size_t N>
std::optional<E> find_enum(const EnumNames<E, N>& names, std::string_view text) {
    for (const auto& [e, name] : names) {
        if (name == text) return e;
    }
    return std::nullopt;
}

/// The member `key`, `fallback` where it is absent. @throws Error for a word that is not in the table
template <class E, size_t N>
E enum_or(const json::Value& object, std::string_view key, const EnumNames<E, N>& names, E fallback) {
    const auto member = object.find(key);
    if (!member) return fallback;
    const auto value = find_enum(names, member->as_string());
    if (!value) throw Error("{}: unknown value '{}'", member->path(), member->as_string());
    return *value;
}

}  // namespace rpod::container
