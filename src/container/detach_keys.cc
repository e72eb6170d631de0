// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/detach_keys.hh"

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {
namespace {

char parse_key(std::string_view text) {
    constexpr std::string_view ctrl = "ctrl-";
    if (text.size() == 1) return text[0];
    if (text.starts_with(ctrl) && text.size() == ctrl.size() + 1) {
        const char c = text.back();
        if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 1);
        // '@' to '_' of ASCII, without the capitals, which mean something else in a terminal.
        if (c == '@' || (c >= '[' && c <= '_')) return static_cast<char>(c - '@');
    }
    throw Error("detach keys: '{}' is neither a character nor ctrl- and a letter or one of @[\\]^_",
                printable(text));
}

}  // namespace

DetachKeys::DetachKeys(std::string_view keys) {
    if (keys.empty()) return;
    for (const auto key : split(keys, ',')) sequence_ += parse_key(key);
}

DetachKeys::Passed DetachKeys::take(std::string_view typed) {
    Passed out;
    for (const char c : typed) {
        if (sequence_.empty()) {
            out.data += c;
            continue;
        }
        if (c != sequence_[matched_] && matched_ > 0) {
            // What was kept back was not the sequence; this key may be its first.
            out.data += sequence_.substr(0, matched_);
            matched_ = 0;
        }
        if (c != sequence_[matched_]) {
            out.data += c;
        } else if (++matched_ == sequence_.size()) {
            out.detached = true;
            return out;
        }
    }
    return out;
}

}  // namespace rpod::container
