// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/image_name.hh"

#include <optional>

namespace rpod::container {

namespace {

/// Nothing where none of the names is meant: by an ID, say.
std::optional<std::string> find_name(const std::string& typed, const image::Image& image) {
    if (oci::Digest::from_hex(typed) || oci::Digest::try_parse(typed)) return std::nullopt;
    const auto wanted = oci::Reference::parse_local(typed).with_default_tag().str();
    for (const auto& name : image.names) {
        if (name.str() == wanted) return wanted;
    }
    const auto tagged = typed.find(':') == std::string::npos ? typed + ":latest" : typed;
    for (const auto& name : image.names) {
        if (name.str().ends_with("/" + tagged)) return name.str();
    }
    return std::nullopt;
}

}  // namespace

std::string full_image_name(const std::string& typed, const image::Image& image) {
    if (auto name = find_name(typed, image)) return *std::move(name);
    return image.names.empty() ? typed : image.names.front().str();
}

}  // namespace rpod::container
