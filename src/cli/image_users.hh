// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <string>
#include <vector>

#include "oci/digest.hh"
#include "store/paths.hh"

namespace rpod::cli {

/// The containers of each image, by the "image_id" in their config.json. Called under the store lock it is
/// the truth, since containers are made under it.
std::map<oci::Digest, std::vector<std::string>> image_users(const store::Paths& paths);

}  // namespace rpod::cli
