// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <utility>

namespace rpod {

/// Runs fn at the end of the scope unless dismissed. fn must not throw.
template <class Fn>
class Defer {
  public:
    explicit Defer(Fn fn) : fn_(std::move(fn)) {}
    Defer(const Defer&) = delete;
    Defer& operator=(const Defer&) = delete;
    ~Defer() {
        if (armed_) fn_();
    }
    void dismiss() noexcept { armed_ = false; }

  private:
    Fn fn_;
    bool armed_ = true;
};

}  // namespace rpod
