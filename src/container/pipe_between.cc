// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/pipe_between.hh"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <string>

#include "base/error.hh"
#include "sys/channel.hh"
#include "sys/fd.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

/// An error: its text, and its hint behind a NUL.
constexpr uint32_t kFailed = 1;
constexpr int kPipeBytes = 1 << 20;

/// Child.
int run_producer(const std::function<void(int)>& produce, int out, const sys::Channel& parent) {
    try {
        check(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "ask to end with the command");
        produce(out);
        return 0;
    } catch (const Error& e) {
        parent.send(kFailed, std::string(e.what()) + std::string(1, '\0') + e.hint());
    } catch (const std::exception& e) {
        parent.send(kFailed, e.what());
    }
    return kExitFailed;
}

/// Whether everything was read: a producer that fails before its reader lets go of the pipe closes it first.
bool at_end(int pipe) {
    char byte = 0;
    ssize_t n = 0;
    do {
        n = ::read(pipe, &byte, 1);
    } while (n < 0 && errno == EINTR);
    return n == 0;
}

Error received_error(const std::string& text) {
    const auto end = text.find('\0');
    return Error(text.substr(0, end)).with_hint(end == std::string::npos ? "" : text.substr(end + 1));
}

}  // namespace

void pipe_between(const std::function<void(int out)>& produce, const std::function<void(int in)>& consume) {
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "create a pipe");
    sys::Fd in(ends[0]);
    sys::Fd out(ends[1]);
    // A default pipe holds a fourth of what an archive's writer writes at once. No harm where this is
    // refused.
    ::fcntl(out.get(), F_SETPIPE_SZ, kPipeBytes);
    auto [ours, theirs] = sys::Channel::make_pair();
    const auto child = [&, &reader = in, &writer = out, &mine = ours, &parent = theirs] {
        reader.reset();
        mine.close();
        return run_producer(produce, writer.get(), parent);
    };
    const pid_t pid = sys::fork_child("rpod:pipe", child);
    out.reset();
    theirs.close();
    std::exception_ptr consumer_failure;
    bool ended = true;
    try {
        consume(in.get());
    } catch (...) {
        consumer_failure = std::current_exception();
        ended = at_end(in.get());
    }
    in.reset();
    const auto producer_failure = ours.receive();
    const auto status = sys::wait_for(pid);
    if (consumer_failure && !(ended && producer_failure)) std::rethrow_exception(consumer_failure);
    if (producer_failure) throw received_error(producer_failure->text);
    if (!status.ok()) throw Error("the process that reads the files died");
}

}  // namespace rpod::container
