// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>

#include <iostream>

#include "cli/app.hh"

namespace {

/// Standard descriptors that the caller closed: a store file opened as number 1 would be written to by
/// messages.
void fill_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) < 0) ::_exit(125);
    }
}

}  // namespace

int main(int argc, char** argv) {
    fill_standard_descriptors();
    std::ios::sync_with_stdio(false);
    rpod::cli::Context ctx{.out = std::cout, .err = std::cerr};
    return rpod::cli::run(rpod::cli::Args(argv + std::min(argc, 1), argv + argc), ctx,
                          rpod::cli::all_commands());
}
