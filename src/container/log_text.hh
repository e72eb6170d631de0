// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

namespace rpod::container {

/// How many bytes at the end of the data begin a UTF-8 character whose rest has not come yet: 0 to 3.
size_t incomplete_utf8_tail(std::string_view data);

/// Appends the text as the inside of a JSON string; bytes that are no UTF-8 become U+FFFD.
void append_json_text(std::string& out, std::string_view text);

}  // namespace rpod::container
