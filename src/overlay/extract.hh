// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <span>
#include <string>

#include "overlay/attr.hh"
#include "overlay/index.hh"
#include "sys/fd.hh"

namespace rpod::overlay {

/// Makes files of an image's tree, with what ImageLayer would show of them: the directory `name`, which is
/// new, below `to`, which nobody else touches meanwhile. The caller is root of the user namespace that
/// `owners` are of. Device nodes, which nobody can make there, are left out. Where it fails, what it has made
/// stays.
/// @param blobs  as the index was built
/// @throws SysError, Error where a layer is too short
void extract(const Index& index, std::span<const sys::Fd> blobs, const Owners& owners, int to,
             const std::string& name);

}  // namespace rpod::overlay
