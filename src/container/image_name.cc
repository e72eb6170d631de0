// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/image_name.hh"

namespace rpod::container {

std::string full_image_name(const std::string& typed, const image::Image& image) {
    const auto wanted = oci::Reference::parse_local(typed).with_default_tag().str();
    for (const auto& name : image.names) {
        if (name.str() == wanted) return wanted;
    }
    const auto tagged = typed.find(':') == std::string::npos ? typed + ":latest" : typed;
    for (const auto& name : image.names) {
        if (name.str().ends_with("/" + tagged)) return name.str();
    }
    return image.names.empty() ? typed : image.names.front().str();
}

}  // namespace rpod::container
