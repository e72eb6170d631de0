// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "base/error.hh"

namespace rpod::container {

/// What fn throws, as text.
template <class Fn>
std::string message_of(Fn fn) {
    try {
        fn();
    } catch (const Error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace rpod::container
