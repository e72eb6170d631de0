// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <vector>

namespace rpod::sys {

/// A shared library that few processes of ours need: loaded by those, with dlopen(3), and not linked. It is
/// never unloaded: libraries have threads and exit handlers of their own.
class Library {
  public:
    /// What errors say: "load NAME, PURPOSE: …".
    struct Texts {
        std::string name;
        std::string purpose;
        std::string hint;      ///< where there is none
        std::string old_hint;  ///< where a function is missing; may be empty
    };

    /// Takes the first file that can be loaded; all of its symbols are bound at once, so that no file is
    /// needed later, in a sandbox. @throws Error
    Library(const std::vector<const char*>& files, Texts texts);

    /// @throws Error where it has no such function
    template <class Function>
    void find(const char* symbol, Function& into) const {
        into = reinterpret_cast<Function>(address(symbol));
    }

  private:
    void* address(const char* symbol) const;

    Texts texts_;
    void* handle_ = nullptr;
};

}  // namespace rpod::sys
