// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "registry/client.hh"
#include "registry/server_error.hh"

/// For registry/client.cc and registry/client_push.cc only.
namespace rpod::registry {

/// A server that wants us to wait longer gets its wish: the command ends.
constexpr long kMaxWait = 120;

template <class Fn>
auto Client::with_retries(const std::string& step, Fn&& fn) -> decltype(fn()) {
    for (unsigned failures = 0;; ++failures) {
        const bool last = failures >= options_.retry.attempts;
        try {
            return fn();
        } catch (const HttpError& e) {
            if (last || !e.transient()) explain(step, e);
            wait_before_retry(failures, {}, e.what());
        } catch (const ServerError& e) {
            if (last || !e.transient() || e.retry_after().value_or(0) > kMaxWait) throw;
            wait_before_retry(failures, e.retry_after(), e.what());
        } catch (const Unauthorized& e) {
            explain(step, e);
        }
    }
}

}  // namespace rpod::registry
