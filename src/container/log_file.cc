// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/log_file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/error.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

constexpr size_t kChunk = 256 << 10;
/// A record longer than this is not ours: writers break lines into records of a few KiB.
constexpr size_t kMaxRecord = 1 << 20;

sys::Fd open_if_there(const std::filesystem::path& path) {
    auto fd = sys::find_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    return fd ? std::move(*fd) : sys::Fd();
}

bool same_file(const sys::Fd& a, const sys::Fd& b) {
    if (!a || !b) return false;
    struct stat sa {
    }, sb{};
    check(::fstat(a.get(), &sa), "look at a log");
    check(::fstat(b.get(), &sb), "look at a log");
    return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/// Where in the file the last `wanted` lines begin; `wanted` is lowered by the lines that were found.
off_t find_tail(const sys::Fd& fd, LogFormat format, uint64_t& wanted) {
    struct stat st {};
    check(::fstat(fd.get(), &st), "look at a log");
    off_t start = st.st_size;
    std::string tail;      // from `start` on, up to the last newline that was looked at
    bool in_line = false;  // a record that ends its line was seen
    off_t line_start = st.st_size;
    while (start > 0) {
        const auto size = static_cast<size_t>(std::min<off_t>(start, kChunk));
        std::string chunk(size, '\0');
        const ssize_t n = ::pread(fd.get(), chunk.data(), size, start - static_cast<off_t>(size));
        if (check(n, "read a log") != static_cast<ssize_t>(size)) return line_start;
        start -= static_cast<off_t>(size);
        tail.insert(0, chunk);
        // Records from the end: the text between two newlines. The first one waits for more of the file.
        while (!tail.empty()) {
            const auto end = tail.size() - (tail.back() == '\n' ? 1 : 0);
            const auto newline = end == 0 ? std::string::npos : tail.rfind('\n', end - 1);
            if (newline == std::string::npos && start > 0) break;
            const auto begin = newline == std::string::npos ? 0 : newline + 1;
            if (ends_log_line(std::string_view(tail).substr(begin, end - begin), format)) {
                if (in_line) --wanted;
                if (wanted == 0) return line_start;
                in_line = true;
            } else if (!in_line) {
                in_line = true;  // the beginning of a line whose end is not written yet
            }
            line_start = start + static_cast<off_t>(begin);
            tail.resize(begin);
        }
        if (tail.size() > kMaxRecord) return line_start;
    }
    if (in_line) --wanted;
    return 0;
}

}  // namespace

LogFile::LogFile(std::filesystem::path path, LogFormat format) : path_(std::move(path)), format_(format) {
    open_files();
}

void LogFile::open_files() {
    const auto older = path_.native() + ".1";
    for (int tries = 0; tries < 10; ++tries) {
        next_ = open_if_there(path_);
        current_ = open_if_there(older);
        // Rotated between the two: look again.
        if (!same_file(current_, next_)) break;
    }
    if (!current_) current_ = std::move(next_);
}

void LogFile::skip_to_tail(uint64_t lines) {
    const auto seek = [](const sys::Fd& fd, off_t to) {
        check(::lseek(fd.get(), to, SEEK_SET), "read a log");
    };
    if (lines == 0) {
        if (next_) current_ = std::move(next_);
        if (current_) check(::lseek(current_.get(), 0, SEEK_END), "read a log");
        return;
    }
    if (next_) {
        const auto offset = find_tail(next_, format_, lines);
        if (lines == 0) {
            current_ = std::move(next_);
            return seek(current_, offset);
        }
    }
    if (current_) seek(current_, find_tail(current_, format_, lines));
}

bool LogFile::read_available(const std::function<bool(const LogRecord&)>& take) {
    if (!current_) open_files();
    while (current_) {
        if (!read_current(take)) return false;
        if (!advance()) return true;
    }
    return true;
}

bool LogFile::read_current(const std::function<bool(const LogRecord&)>& take) {
    std::string chunk(kChunk, '\0');
    for (;;) {
        const ssize_t n = ::read(current_.get(), chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (check(n, "read the log '{}'", path_.native()) == 0) return true;
        rest_.append(chunk, 0, static_cast<size_t>(n));
        if (!take_lines(take)) return false;
        if (rest_.size() > kMaxRecord) rest_.clear();
    }
}

bool LogFile::take_lines(const std::function<bool(const LogRecord&)>& take) {
    size_t begin = 0;
    for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        const auto record = parse_log_record(std::string_view(rest_).substr(begin, end - begin), format_);
        if (record && !take(*record)) return false;
    }
    rest_.erase(0, begin);
    return true;
}

bool LogFile::advance() {
    if (next_) {
        rest_.clear();
        current_ = std::move(next_);
        return true;
    }
    auto named = open_if_there(path_);
    if (!named || same_file(named, current_)) return false;
    // Rotated. What was written to the old file after our last look comes first; then perhaps a whole file
    // that we have not seen.
    auto older = open_if_there(path_.native() + ".1");
    if (older && !same_file(older, current_) && !same_file(older, named)) {
        next_ = std::move(named);
        current_ = std::move(older);
        rest_.clear();
        return true;
    }
    next_ = std::move(named);
    return true;
}

}  // namespace rpod::container
