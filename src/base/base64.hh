// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rpod {

/// RFC 4648, section 4, with padding.
std::string base64_encode(std::string_view bytes);
/// Nothing where the text is not that; padding may be absent.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace rpod
