// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/log_file.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace rpod::container {
namespace {

class LogFileTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "rpod-log-XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::filesystem::path path() const { return directory_ / "ctr.log"; }
    static std::string line(const std::string& text, char tag = 'F') {
        return "2026-11-28T09:03:11.123456789+00:00 stdout " + std::string(1, tag) + " " + text + "\n";
    }
    void append(const std::string& text, const char* file = "ctr.log") const {
        std::ofstream(directory_ / file, std::ios::app) << text;
    }
    void rotate() const { std::filesystem::rename(path(), directory_ / "ctr.log.1"); }

    static std::string read(LogFile& log) {
        std::string out;
        log.read_available([&](const LogRecord& r) {
            out += r.text + (r.ends_line ? "|" : "+");
            return true;
        });
        return out;
    }

    std::filesystem::path directory_;
};

TEST(LogRecord, ReadsBothFormats) {
    const auto k8s =
        parse_log_record("2026-11-28T09:03:11.123456789+00:00 stderr P half a line ", LogFormat::k8s_file);
    ASSERT_TRUE(k8s);
    EXPECT_EQ(k8s->text, "half a line ");
    EXPECT_TRUE(k8s->is_stderr);
    EXPECT_FALSE(k8s->ends_line);
    EXPECT_EQ(k8s->time.nanoseconds, 123456789U);
    const auto json = parse_log_record(
        R"({"log":"a \"b\"\n","stream":"stdout","time":"2026-11-28T09:03:11Z"})", LogFormat::json_file);
    ASSERT_TRUE(json);
    EXPECT_EQ(json->text, "a \"b\"");
    EXPECT_TRUE(json->ends_line);
    EXPECT_FALSE(json->is_stderr);
}

TEST(LogRecord, PassesOverWhatIsNone) {
    for (const auto* text :
         {"", "x", "2026-11-28T09:03:11Z stdout", "2026-11-28T09:03:11Z elsewhere F x", "{\"log\":"}) {
        EXPECT_FALSE(parse_log_record(text, LogFormat::k8s_file)) << text;
        EXPECT_FALSE(parse_log_record(text, LogFormat::json_file)) << text;
    }
    EXPECT_EQ(parse_log_record("2026-11-28T09:03:11Z stdout F", LogFormat::k8s_file)->text, "");
}

TEST_F(LogFileTest, ReadsTheRotatedFileFirstAndFollows) {
    append(line("one"));
    rotate();
    append(line("two") + line("thr", 'P'));
    LogFile log(path(), LogFormat::k8s_file);
    EXPECT_EQ(read(log), "one|two|thr+");
    append(line("ee") + "2026-11-28T09:03:11Z stdout F unfin");
    EXPECT_EQ(read(log), "ee|");
    append("ished\n");
    EXPECT_EQ(read(log), "unfinished|");
}

TEST_F(LogFileTest, LosesNothingWhenTheWriterRotatesMeanwhile) {
    append(line("one"));
    LogFile log(path(), LogFormat::k8s_file);
    EXPECT_EQ(read(log), "one|");
    append(line("two"));
    rotate();
    append(line("three"));
    EXPECT_EQ(read(log), "two|three|");
    append(line("four"));
    EXPECT_EQ(read(log), "four|");
}

TEST_F(LogFileTest, WaitsForAFileThatIsNotThereYet) {
    LogFile log(path(), LogFormat::k8s_file);
    EXPECT_EQ(read(log), "");
    append(line("one"));
    EXPECT_EQ(read(log), "one|");
}

TEST_F(LogFileTest, TailCountsWholeLines) {
    append(line("0") + line("1"));
    rotate();
    append(line("2a", 'P') + line("2b") + line("3"));
    const auto tail = [&](uint64_t lines) {
        LogFile log(path(), LogFormat::k8s_file);
        log.skip_to_tail(lines);
        return read(log);
    };
    EXPECT_EQ(tail(0), "");
    EXPECT_EQ(tail(1), "3|");
    EXPECT_EQ(tail(2), "2a+2b|3|");
    EXPECT_EQ(tail(3), "1|2a+2b|3|");
    EXPECT_EQ(tail(9), "0|1|2a+2b|3|");
}

TEST_F(LogFileTest, TailOfAnUnfinishedLineAndOfALargeFile) {
    std::string text;
    for (int i = 0; i < 20000; ++i) text += line("number " + std::to_string(i));
    append(text + line("open", 'P'));
    LogFile log(path(), LogFormat::k8s_file);
    log.skip_to_tail(2);
    EXPECT_EQ(read(log), "number 19999|open+");
}

}  // namespace
}  // namespace rpod::container
