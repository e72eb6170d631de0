// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "index_fixture.hh"
#include "overlay/request_log.hh"
#include "overlay/serve.hh"
#include "sys/channel.hh"
#include "sys/process.hh"

/// Mounts images for real: in a forked child with a user and a mount namespace of its own.
namespace rpod::overlay::test {

/// Where the content of every test blob looks like the start of a program.
constexpr uint64_t kProgramAt = 16384;

/// The content of every test blob: offset and layer decide.
inline std::string blob_bytes(size_t layer, size_t size = 1 << 20) {
    std::string bytes(size, '\0');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + (i >> 8) + layer);
    if (size > kProgramAt + 4) bytes.replace(kProgramAt, 4, "\177ELF");
    return bytes;
}

struct Image {
    std::vector<Layer> layers;
    ServeOptions options(std::vector<ServedMount> mounts) const {
        ServeOptions o{.mounts = std::move(mounts), .index = build(layers)};
        for (size_t i = 0; i < layers.size(); ++i) o.blobs.push_back(memory_file(blob_bytes(i)));
        return o;
    }
};

/// Why mounts cannot be tried here, or nothing.
inline std::string why_not() {
    if (::access("/dev/fuse", R_OK | W_OK) != 0) return "/dev/fuse cannot be opened";
    const pid_t pid =
        sys::fork_child("test", [] { return ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1; });
    return sys::wait_for(pid).ok() ? "" : "user namespaces cannot be made";
}

inline void write_id_maps(pid_t pid) {
    const std::string proc = "/proc/" + std::to_string(pid);
    const bool root = ::geteuid() == 0;
    sys::write_existing(proc + "/setgroups", "deny");
    sys::write_existing(proc + "/uid_map", root ? "0 0 65536" : "0 " + std::to_string(::geteuid()) + " 1");
    sys::write_existing(proc + "/gid_map", root ? "0 0 65536" : "0 " + std::to_string(::getegid()) + " 1");
}

/// Runs fn in a child that is root of new user and mount namespaces, in an empty directory on a tmpfs.
/// Failures of EXPECT in it count.
inline void in_namespaces(const std::function<void()>& fn) {
    auto pair = sys::Channel::make_pair();
    // Names of their own: clang 14's lambdas cannot capture a structured binding.
    sys::Channel& ours = pair.first;
    sys::Channel& theirs = pair.second;
    const pid_t pid = sys::fork_child("test", [&] {
        ours.close();
        check(::unshare(CLONE_NEWUSER | CLONE_NEWNS), "unshare");
        theirs.send(1);
        if (!theirs.receive()) return 1;
        check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
        check(::mount("tmpfs", "/tmp", "tmpfs", 0, nullptr), "mount tmpfs");
        check(::chdir("/tmp"), "chdir");
        fn();
        return ::testing::Test::HasFailure() ? 1 : 0;
    });
    theirs.close();
    if (ours.receive()) {
        write_id_maps(pid);
        ours.send(1);
    }
    EXPECT_TRUE(sys::wait_for(pid).ok());
}

/// A mounted image in the current directory, "lower0", "lower1"; the server is a child. Unmounted by the
/// destructor, which expects the server to end well.
class Mounted {
  public:
    using Adjust = std::function<void(ServeOptions&)>;

    explicit Mounted(Image image, Adjust adjust = {}, std::vector<View> views = {View::complete})
        : image_(std::move(image)),
          adjust_(std::move(adjust)),
          views_(std::move(views)),
          log_(make_request_log()) {
        for (size_t i = 0; i < views_.size(); ++i) {
            check(::mkdir(path(i).c_str(), 0755), "mkdir");
            fuse_.push_back(mount_fuse(AT_FDCWD, path(i).c_str(), "test"));
        }
        start(false);
    }
    Mounted(const Mounted&) = delete;
    ~Mounted() {
        for (size_t i = 0; i < views_.size(); ++i)
            EXPECT_EQ(::umount2(path(i).c_str(), 0), 0) << strerror(errno);
        EXPECT_EQ(sys::wait_for(server_).shell_code(), 0);
    }

    std::string path(size_t i = 0) const { return "lower" + std::to_string(i); }
    pid_t server() const { return server_; }

    /// @param first  runs in the server: closes what it must not hold
    void start(bool takeover, const std::function<void()>& first = {}) {
        server_ = sys::fork_child("rpod:overlay", [&] {
            if (first) first();
            std::vector<ServedMount> mounts;
            for (size_t i = 0; i < views_.size(); ++i) mounts.push_back({std::move(fuse_[i]), views_[i]});
            ServeOptions options = image_.options(std::move(mounts));
            options.request_log = std::move(log_);
            options.takeover = takeover;
            if (adjust_) adjust_(options);
            return serve(std::move(options));
        });
    }
    /// Reads a request as a server does that dies before it answers.
    void read_and_forget() {
        const RequestLog log(log_.get(), views_.size(), 2);
        EXPECT_GT(::read(fuse_[0].get(), log.slot(0, 0).data(), RequestLog::kSlotSize), 0) << strerror(errno);
    }
    void kill_server() {
        ::kill(server_, SIGKILL);
        sys::wait_for(server_);
    }

  private:
    Image image_;
    Adjust adjust_;
    std::vector<View> views_;
    sys::Fd log_;
    std::vector<sys::Fd> fuse_;
    pid_t server_ = -1;
};

}  // namespace rpod::overlay::test
