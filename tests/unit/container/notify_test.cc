// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/notify.hh"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "container/message_of.hh"
#include "sys/datagram.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

namespace fs = std::filesystem;

class NotifyTest : public testing::Test {
  protected:
    NotifyTest() {
        std::string pattern = (fs::temp_directory_path() / "rpod-notify-XXXXXX").string();
        dir_ = ::mkdtemp(pattern.data());
        systemd_ = sys::receive_datagrams_at(sys::open_file(dir_, O_PATH | O_DIRECTORY).get(), "systemd");
    }
    ~NotifyTest() override { fs::remove_all(dir_); }

    Notifier make(NotifyMode mode) {
        return {mode, dir_ / "systemd", mode == NotifyMode::container ? dir_ / "notify" : fs::path()};
    }
    void say(const std::string& message) { sys::send_datagram(dir_ / "notify/notify.sock", message); }
    /// What systemd has heard, joined by blanks.
    std::string heard() {
        std::string all;
        while (const auto message = sys::next_datagram(systemd_.get(), 1000)) all += *message + ";";
        return all;
    }

    fs::path dir_;
    sys::Fd systemd_;
};

TEST_F(NotifyTest, PassesOnThatItIsReadyOnce) {
    auto notifier = make(NotifyMode::container);
    notifier.listen();
    notifier.started(12);
    EXPECT_EQ(heard(), "MAINPID=12;");
    say("MAINPID=1\nSTATUS=x");
    say("READY=10");
    say("XREADY=1");
    notifier.serve();
    EXPECT_EQ(heard(), "");
    say("STATUS=x\nREADY=1\nMAINPID=1");
    say("READY=1");
    notifier.serve();
    EXPECT_EQ(heard(), "READY=1;");
    // Its next run is ready when it says so again.
    notifier.started(12);
    EXPECT_EQ(heard(), "MAINPID=12;");
    say("READY=1");
    notifier.serve();
    EXPECT_EQ(heard(), "READY=1;");
}

TEST_F(NotifyTest, SaysItWithTheMonitorsOwnWords) {
    auto conmon = make(NotifyMode::conmon);
    conmon.listen();
    EXPECT_EQ(conmon.fd(), -1);
    conmon.healthy();
    conmon.started(7);
    EXPECT_EQ(heard(), "MAINPID=7\nREADY=1;");
    auto healthy = make(NotifyMode::healthy);
    healthy.started(7);
    healthy.healthy();
    healthy.healthy();
    EXPECT_EQ(heard(), "MAINPID=7;READY=1;");
}

TEST_F(NotifyTest, LivesOnWithoutSystemd) {
    auto notifier = make(NotifyMode::conmon);
    fs::remove(dir_ / "systemd");
    notifier.started(7);
    EXPECT_EQ(heard(), "");
}

TEST(NotifyMode, IsParsed) {
    EXPECT_EQ(parse_notify_mode(""), NotifyMode::container);
    EXPECT_EQ(parse_notify_mode("healthy"), NotifyMode::healthy);
    EXPECT_NE(message_of([] { parse_notify_mode("Healthy"); }).find("invalid sdnotify value \"Healthy\""),
              std::string::npos);
}

}  // namespace
}  // namespace rpod::container
