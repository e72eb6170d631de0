// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/log_writer.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <regex>

#include "container/log_text.hh"
#include "container/message_of.hh"
#include "container/parse_log.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

namespace fs = std::filesystem;

class LogWriterTest : public testing::Test {
  protected:
    LogWriterTest() {
        std::string pattern = (fs::temp_directory_path() / "rpod-log-XXXXXX").string();
        dir_ = ::mkdtemp(pattern.data());
    }
    ~LogWriterTest() override { fs::remove_all(dir_); }

    std::string log_without_times() const {
        static const std::regex time(R"("time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")");
        return std::regex_replace(sys::read_file(dir_ / "ctr.log"), time, "\"time\":T");
    }
    /// Of k8s-file: the texts, each behind its stream and tag. (std::regex recurses for each character of
    /// `.*`: the text is not its business.)
    std::vector<std::string> entries(const std::string& file = "ctr.log") const {
        static const std::regex line(
            R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}[+-]\d\d:\d\d (stdout|stderr) [FP] )");
        std::vector<std::string> out;
        const auto text = sys::read_file(dir_ / file);
        for (size_t at = 0; at < text.size();) {
            const size_t end = text.find('\n', at);
            const auto one = text.substr(at, end - at);
            std::smatch match;
            const bool good = std::regex_search(one, match, line, std::regex_constants::match_continuous);
            out.push_back(good ? one.substr(static_cast<size_t>(match.position(1))) : "bad: " + one);
            at = end + 1;
        }
        return out;
    }

    fs::path dir_;
};

using Lines = std::vector<std::string>;

TEST_F(LogWriterTest, WritesWholeAndPartialLines) {
    LogWriter log(dir_, parse_log("", {}));
    log.write(LogStream::out, "one\ntwo\nthr");
    log.write(LogStream::err, "other\n");
    log.write(LogStream::out, "ee\n\nend");
    log.finish();
    EXPECT_EQ(entries(), (Lines{"stdout F one", "stdout F two", "stdout P thr", "stderr F other",
                                "stdout F ee", "stdout F ", "stdout P end"}));
}

TEST_F(LogWriterTest, AppendsToWhatIsThere) {
    for (int i = 0; i < 2; ++i) LogWriter(dir_, parse_log("k8s-file", {})).write(LogStream::out, "x\n");
    EXPECT_EQ(entries(), (Lines{"stdout F x", "stdout F x"}));
}

TEST_F(LogWriterTest, RotatesBeforeTheLimit) {
    LogWriter log(dir_, parse_log("k8s-file", {"max-size=4096"}));
    for (int i = 0; i < 1000; ++i) log.write(LogStream::out, "line " + std::to_string(i) + "\n");
    EXPECT_LE(fs::file_size(dir_ / "ctr.log"), 4096U);
    EXPECT_LE(fs::file_size(dir_ / "ctr.log.1"), 4096U);
    EXPECT_GT(fs::file_size(dir_ / "ctr.log.1"), 3900U);
    auto all = entries("ctr.log.1");
    const auto rest = entries();
    all.insert(all.end(), rest.begin(), rest.end());
    EXPECT_EQ(all.back(), "stdout F line 999");
    for (size_t i = 0; i < all.size(); ++i)
        EXPECT_EQ(all[i], "stdout F line " + std::to_string(1000 - all.size() + i));
}

TEST_F(LogWriterTest, CutsALineThatNoFileHolds) {
    LogWriter log(dir_, parse_log("k8s-file", {"max-size=4k"}));
    log.write(LogStream::out, std::string(20000, 'x') + "\n");
    EXPECT_LE(fs::file_size(dir_ / "ctr.log"), 4096U);
    EXPECT_LE(fs::file_size(dir_ / "ctr.log.1"), 4096U);
    EXPECT_TRUE(entries("ctr.log.1").front().starts_with("stdout P xxx"));
    EXPECT_TRUE(entries().back().starts_with("stdout F xxx"));
}

TEST_F(LogWriterTest, WritesDockersJson) {
    LogWriter log(dir_, parse_log("json-file", {}));
    log.write(LogStream::out, "a \"b\" \\ \t\x01\n");
    log.write(LogStream::err, "caf\xc3");
    log.write(LogStream::err, "\xa9\n");
    log.write(LogStream::out, "\xff|\xc3");
    log.finish();
    const auto text = log_without_times();
    EXPECT_EQ(text, R"({"log":"a \"b\" \\ \t\u0001\n","stream":"stdout","time":T})"
                    "\n"
                    R"({"log":"caf","stream":"stderr","time":T})"
                    "\n"
                    "{\"log\":\"\xc3\xa9\\n\",\"stream\":\"stderr\",\"time\":T}\n"
                    R"({"log":"\ufffd|","stream":"stdout","time":T})"
                    "\n"
                    R"({"log":"\ufffd","stream":"stdout","time":T})"
                    "\n");
}

TEST_F(LogWriterTest, KeepsNothingForNoneAndPassthrough) {
    for (const char* driver : {"none", "passthrough"})
        LogWriter(dir_, parse_log(driver, {})).write(LogStream::out, "x\n");
    EXPECT_TRUE(fs::is_empty(dir_));
}

TEST(ParseLog, RefusesByName) {
    EXPECT_EQ(parse_log("", {}).driver, "k8s-file");
    EXPECT_EQ(log_max_size(parse_log("json-file", {"max-size=10m"})), 10U << 20);
    EXPECT_EQ(log_max_size(parse_log("", {"max-size=-1"})), 0U);
    EXPECT_NE(message_of([] { parse_log("journald", {}); }).find("journal"), std::string::npos);
    EXPECT_NE(message_of([] { parse_log("fluentd", {}); }).find("'fluentd'"), std::string::npos);
    for (const char* bad :
         {"max-size", "max-size=", "max-size=x", "max-size=10", "path=/x", "tag=t", "max-file=3", "a=b"})
        EXPECT_NE(message_of([&] { parse_log("", {bad}); }), "no error") << bad;
}

TEST(LogText, KnowsTheBeginningOfACharacter) {
    EXPECT_EQ(incomplete_utf8_tail(""), 0U);
    EXPECT_EQ(incomplete_utf8_tail("abc"), 0U);
    EXPECT_EQ(incomplete_utf8_tail("\xc3\xa9"), 0U);
    EXPECT_EQ(incomplete_utf8_tail("x\xc3"), 1U);
    EXPECT_EQ(incomplete_utf8_tail("x\xe2\x82"), 2U);
    EXPECT_EQ(incomplete_utf8_tail("x\xf0\x9f\x98"), 3U);
    EXPECT_EQ(incomplete_utf8_tail("x\xff"), 0U);
    EXPECT_EQ(incomplete_utf8_tail("\x80\x80\x80\x80"), 0U);
}

}  // namespace
}  // namespace rpod::container
