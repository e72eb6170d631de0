// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cassert>
#include <utility>
#include <variant>

namespace rpod {

/// An errno value as a failure; 0 is not one.
struct Errno {
    int value;
};

/// A value or an errno. For overlay/ and the sys/ calls that it needs, where ENOENT is an answer asked for
/// thousands of times a second; everywhere else failures are exceptions (base/error.hh).
template <class T>
class [[nodiscard]] Result {
  public:
    Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
    Result(Errno e) : v_(std::in_place_index<1>, e) { assert(e.value != 0); }  // NOLINT

    explicit operator bool() const noexcept { return v_.index() == 0; }
    T& operator*() & noexcept { return *std::get_if<0>(&v_); }
    const T& operator*() const& noexcept { return *std::get_if<0>(&v_); }
    T&& operator*() && noexcept { return std::move(*std::get_if<0>(&v_)); }
    T* operator->() noexcept { return std::get_if<0>(&v_); }
    const T* operator->() const noexcept { return std::get_if<0>(&v_); }
    /// The errno of a failure, 0 for a value.
    int err() const noexcept { return *this ? 0 : std::get_if<1>(&v_)->value; }

  private:
    std::variant<T, Errno> v_;
};

}  // namespace rpod
