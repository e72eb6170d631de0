// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ostream>
#include <streambuf>
#include <string_view>

#include "cli/app.hh"
#include "cli/persona.hh"

namespace {

/// A stream on a descriptor: std::cout and std::cerr without their static set-up, which every start would
/// pay.
class FdBuffer : public std::streambuf {
  public:
    explicit FdBuffer(int fd) : fd_(fd) { setp(buffer_.data(), buffer_.data() + buffer_.size()); }

  protected:
    int_type overflow(int_type c) override {
        if (sync() < 0) return traits_type::eof();
        if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
        return traits_type::not_eof(c);
    }
    int sync() override {
        for (const char* at = pbase(); at < pptr();) {
            const ssize_t n = ::write(fd_, at, static_cast<size_t>(pptr() - at));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return -1;
            at += n;
        }
        setp(buffer_.data(), buffer_.data() + buffer_.size());
        return 0;
    }

  private:
    int fd_;
    std::array<char, 4096> buffer_;
};

/// Standard descriptors that the caller closed: a store file opened as number 1 would be written to by
/// messages.
void fill_standard_descriptors() {
    for (int fd = 0; fd <= 2; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) < 0) ::_exit(125);
    }
}

/// Called as fuse-overlayfs (by a link), rpod is that command.
rpod::cli::Args arguments(int argc, char** argv) {
    if (argc == 0) return {};
    rpod::cli::Args args(argv + 1, argv + argc);
    const std::string_view called = argv[0];
    const std::string_view name = called.substr(called.rfind('/') + 1);
    if (name == "fuse-overlayfs") args.insert(args.begin(), std::string(name));
    return args;
}

}  // namespace

int main(int argc, char** argv) {
    fill_standard_descriptors();
    FdBuffer out_buffer(STDOUT_FILENO);
    FdBuffer err_buffer(STDERR_FILENO);
    std::ostream out(&out_buffer);
    std::ostream err(&err_buffer);
    err << std::unitbuf;
    rpod::cli::Context ctx{.out = out, .err = err};
    if (argc > 0) ctx.program = rpod::cli::persona_name(argv[0]);
    return rpod::cli::run(arguments(argc, argv), ctx, rpod::cli::all_commands());
}
