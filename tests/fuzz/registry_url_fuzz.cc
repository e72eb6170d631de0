// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <cstdlib>
#include <string_view>

#include "registry/url.hh"

using rpod::registry::Url;

namespace {

/// What is a URL is read again as the same one.
void check(const std::optional<Url>& url) {
    if (!url) return;
    const auto again = Url::parse(url->str());
    if (!again || again->str() != url->str() || !again->same_origin(*url)) std::abort();
    if (url->host.empty() || url->port == 0 || !url->target.starts_with('/')) std::abort();
    if (url->str().find_first_of("\r\n ") != std::string::npos) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(Url::parse(text));
    check(Url::parse("https://registry.example:5000/v2/x/blobs/y?z=1")->resolve(text));
    return 0;
}
