// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "sys/filter.hh"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::sys {
namespace {

/// A file in memory: a program that does not read its input cannot make us wait.
Fd input_file(std::string_view input) {
    Fd fd(check(::memfd_create("input", MFD_CLOEXEC), "create a file in memory"));
    write_all(fd.get(), input, "a file in memory");
    check(::lseek(fd.get(), 0, SEEK_SET), "rewind a file in memory");
    return fd;
}

pid_t spawn(const std::vector<std::string>& argv, int in, int out) {
    std::vector<char*> args;
    for (const auto& arg : argv) args.push_back(const_cast<char*>(arg.c_str()));
    args.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t pid = -1;
    const int err = ::posix_spawn(&pid, args[0], &actions, &attributes, args.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (err != 0) throw SysError(err, "run '{}'", argv[0]);
    return pid;
}

}  // namespace

FilterResult run_filter(const std::vector<std::string>& argv, std::string_view input, size_t max_output) {
    const Fd in = input_file(input);
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "create a pipe");
    const Fd reader(ends[0]);
    Fd writer(ends[1]);
    const pid_t pid = spawn(argv, in.get(), writer.get());
    writer.reset();
    FilterResult result;
    try {
        result.output = read_all(reader.get(), "the output of '" + argv[0] + "'", max_output);
    } catch (...) {
        ::kill(pid, SIGKILL);
        wait_for(pid);
        throw;
    }
    result.status = wait_for(pid);
    return result;
}

}  // namespace rpod::sys
