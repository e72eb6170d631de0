// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/state.hh"

#include "base/json.hh"

namespace rpod::oci {

std::string State::to_json() const {
    auto b = json::Builder::object();
    b.set("ociVersion", oci_version).set("id", id).set("status", status);
    if (pid) b.set("pid", int{*pid});
    b.set("bundle", bundle);
    if (!annotations.empty()) b.set("annotations", json::Builder::of(annotations));
    return b.dump();
}

}  // namespace rpod::oci
