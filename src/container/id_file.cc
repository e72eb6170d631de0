// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/id_file.hh"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::container {

IdFile::IdFile(std::string path) : path_(std::move(path)) {
    if (!path_.empty()) fd_ = sys::open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0644);
}

IdFile::~IdFile() {
    if (fd_ && !kept_) ::unlink(path_.c_str());
}

void IdFile::write(const std::string& id) {
    if (fd_) sys::write_all(fd_.get(), id, fmt::format("'{}'", path_));
}

}  // namespace rpod::container
