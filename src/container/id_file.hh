// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <string>

#include "sys/fd.hh"

namespace rpod::container {

/// --cidfile, --pod-id-file: must not exist; removed again where nothing comes of what it is to name.
class IdFile {
  public:
    /// @param path  empty: no file. @throws SysError
    explicit IdFile(std::string path);
    ~IdFile();
    IdFile(const IdFile&) = delete;
    IdFile& operator=(const IdFile&) = delete;
    void write(const std::string& id);
    void keep() { kept_ = true; }

  private:
    std::string path_;
    sys::Fd fd_;
    bool kept_ = false;
};

}  // namespace rpod::container
