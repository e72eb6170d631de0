// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>
#include <string_view>

#include "oci/digest.hh"
#include "store/event_log.hh"

namespace rpod::cli {

/// Notes what happened to an image ("tag", "pull", …).
inline void note_image(const store::Paths& paths, std::string_view status, const oci::Digest& id,
                       const std::string& name) {
    store::note_event(paths, {.type = "image", .status = std::string(status), .id = id.hex(), .name = name});
}

}  // namespace rpod::cli
