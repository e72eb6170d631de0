// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdlib>
#include <string>

#include "store/paths.hh"
#include "sys/file.hh"

namespace rpod::store {

/// A store in a directory of its own, removed at the end.
class TempStore {
  public:
    TempStore() : dir_(make()), paths_(dir_ + "/root", dir_ + "/run") { open_root(paths_); }
    ~TempStore() { sys::remove_tree_at(AT_FDCWD, dir_); }
    const Paths& paths() const { return paths_; }
    const std::string& dir() const { return dir_; }

  private:
    static std::string make() {
        std::string name = "/tmp/rpod-test-XXXXXX";
        if (!::mkdtemp(name.data())) std::abort();
        return name;
    }
    std::string dir_;
    Paths paths_;
};

}  // namespace rpod::store
