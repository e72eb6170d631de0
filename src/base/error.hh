// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <spdlog/fmt/fmt.h>
#include <sys/types.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace rpod {

/// Exit codes that belong to rpod itself (podman-run(1), "Exit Status").
constexpr int kExitFailed = 125;         ///< rpod itself failed
constexpr int kExitNotExecutable = 126;  ///< the container command cannot be invoked
constexpr int kExitNotFound = 127;       ///< the container command was not found

/// What the user sees: one line, outermost context first, lower case, no full stop; paths in single quotes.
/// A hint is a second line that names the fix, where one is known.
class Error : public std::runtime_error {
  public:
    explicit Error(const std::string& message) : std::runtime_error(message) {}
    template <class A0, class... A>
    explicit Error(fmt::format_string<A0, A...> f, A0&& a0, A&&... a)
        : std::runtime_error(fmt::format(f, std::forward<A0>(a0), std::forward<A>(a)...)) {}

    int exit_code() const noexcept { return exit_code_; }
    const std::string& hint() const noexcept { return hint_; }

    /// `throw Error("...").with_exit_code(kExitNotFound)`
    Error&& with_exit_code(int code) && {
        exit_code_ = code;
        return std::move(*this);
    }
    Error&& with_hint(std::string hint) && {
        hint_ = std::move(hint);
        return std::move(*this);
    }

  private:
    int exit_code_ = kExitFailed;
    std::string hint_;
};

/// An Error whose cause is a system call; the errno text is appended to the message.
class SysError : public Error {
  public:
    template <class... A>
    explicit SysError(int err, fmt::format_string<A...> f, A&&... a)
        : Error(fmt::format("{}: {}", fmt::format(f, std::forward<A>(a)...),
                            std::generic_category().message(err))),
          err_(err) {}

    int err() const noexcept { return err_; }
    bool is(int e) const noexcept { return err_ == e; }

  private:
    int err_;
};

/// check(::open(...), "open '{}'", path): the result, or SysError with the errno of the call. The text says
/// what was attempted, on what.
template <class T, class... A>
T check(T rc, fmt::format_string<A...> f, A&&... a) {
    if (rc < 0) [[unlikely]] {
        const int e = errno;
        throw SysError(e, f, std::forward<A>(a)...);
    }
    return rc;
}

/// Runs fn; what it throws gets "context: " in front. For the few places where the user's noun is known.
template <class Fn, class... A>
decltype(auto) in_context(Fn&& fn, fmt::format_string<A...> f, A&&... a) {
    try {
        return std::forward<Fn>(fn)();
    } catch (const Error& e) {
        throw Error(fmt::format("{}: {}", fmt::format(f, std::forward<A>(a)...), e.what()))
            .with_exit_code(e.exit_code())
            .with_hint(e.hint());
    }
}

}  // namespace rpod
