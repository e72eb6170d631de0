// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/log_writer.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/error.hh"
#include "base/log.hh"
#include "container/log_text.hh"
#include "container/parse_log.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr const char* kLogFile = "ctr.log";
constexpr const char* kOldLogFile = "ctr.log.1";

/// An entry's worth besides its text, at most; JSON can make six bytes of one.
constexpr uint64_t kEntryFrame = 128;
constexpr uint64_t kJsonGrowth = 6;

const char* stream_name(LogStream stream) { return stream == LogStream::out ? "stdout" : "stderr"; }

}  // namespace

LogWriter::LogWriter(const std::filesystem::path& directory, const LogConfig& config)
    : json_(config.driver == "json-file") {
    if (config.driver != "k8s-file" && config.driver != "json-file") return;
    max_size_ = log_max_size(config);
    directory_ = sys::open_file(directory, O_PATH | O_DIRECTORY);
    open();
}

void LogWriter::open() {
    file_ = sys::open_at(directory_.get(), kLogFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    struct stat st {};
    check(::fstat(file_.get(), &st), "look at '{}'", kLogFile);
    size_ = static_cast<uint64_t>(st.st_size);
}

void LogWriter::update_time() {
    ::clock_gettime(CLOCK_REALTIME, &now_);
    if (now_.tv_sec != second_) {
        second_ = now_.tv_sec;
        tm parts{};
        // k8s-file has local time with its offset, json-file UTC.
        json_ ? ::gmtime_r(&second_, &parts) : ::localtime_r(&second_, &parts);
        second_text_ =
            fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                        parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        const long offset = std::labs(parts.tm_gmtoff) / 60;
        zone_text_ =
            json_ ? "Z"
                  : fmt::format("{}{:02}:{:02}", parts.tm_gmtoff < 0 ? '-' : '+', offset / 60, offset % 60);
    }
    time_text_ = fmt::format("{}.{:09}{}", second_text_, now_.tv_nsec, zone_text_);
}

void LogWriter::write(LogStream stream, std::string_view data) {
    if (!directory_ || data.empty()) return;
    update_time();
    if (json_) {
        write_json(stream, data);
    } else {
        add_lines(stream, data);
    }
    flush();
}

void LogWriter::write_json(LogStream stream, std::string_view data) {
    auto& incomplete = incomplete_[stream == LogStream::out ? 0 : 1];
    std::string joined;
    if (!incomplete.empty()) {
        joined = incomplete + std::string(data);
        incomplete.clear();
        data = joined;
    }
    const size_t tail = incomplete_utf8_tail(data);
    incomplete = data.substr(data.size() - tail);
    add_lines(stream, data.substr(0, data.size() - tail));
}

void LogWriter::add_lines(LogStream stream, std::string_view data) {
    // So small that every entry fits into a file.
    const uint64_t growth = json_ ? kJsonGrowth : 1;
    const uint64_t longest = max_size_ ? (max_size_ - kEntryFrame) / growth : UINT64_MAX;
    while (!data.empty()) {
        const size_t newline = data.find('\n');
        bool full = newline != std::string_view::npos;
        size_t size = full ? newline : data.size();
        if (size > longest) {
            size = longest;
            full = false;
        }
        json_ ? add_json(stream, data.substr(0, size), full) : add_k8s(stream, data.substr(0, size), full);
        data.remove_prefix(size + (full ? 1 : 0));
    }
}

void LogWriter::add_k8s(LogStream stream, std::string_view text, bool full) {
    entry_.assign(time_text_).append(1, ' ').append(stream_name(stream)).append(full ? " F " : " P ");
    entry_.append(text).append(1, '\n');
    add(entry_);
}

void LogWriter::add_json(LogStream stream, std::string_view text, bool full) {
    entry_ = R"({"log":")";
    append_json_text(entry_, text);
    entry_.append(full ? R"(\n","stream":")" : R"(","stream":")").append(stream_name(stream));
    entry_.append(R"(","time":")").append(time_text_).append("\"}\n");
    add(entry_);
}

void LogWriter::add(std::string_view entry) {
    if (max_size_ && size_ > 0 && size_ + entry.size() > max_size_) {
        flush();
        rotate();
    }
    buffer_ += entry;
    size_ += entry.size();
}

void LogWriter::rotate() {
    try {
        check(::renameat(directory_.get(), kLogFile, directory_.get(), kOldLogFile), "rotate the log");
        open();
    } catch (const Error& e) {
        if (!warned_) log::warn("log: {}", e.what());
        warned_ = true;
    }
}

void LogWriter::flush() {
    if (buffer_.empty()) return;
    try {
        sys::write_all(file_.get(), buffer_, kLogFile);
    } catch (const Error& e) {
        if (!warned_) log::warn("output is lost from the log: {}", e.what());
        warned_ = true;
    }
    buffer_.clear();
}

void LogWriter::finish() {
    if (!directory_) return;
    for (const auto stream : {LogStream::out, LogStream::err}) {
        auto& incomplete = incomplete_[stream == LogStream::out ? 0 : 1];
        if (incomplete.empty()) continue;
        update_time();
        add_json(stream, incomplete, false);
        incomplete.clear();
    }
    flush();
}

}  // namespace rpod::container
