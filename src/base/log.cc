// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/log.hh"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>

#include "base/error.hh"

namespace rpod::log {
namespace {

/// Writes each line with one write(2): no stdio buffer that a fork could duplicate. The lock is for processes
/// that have threads, which fork no more.
class FdSink : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit FdSink(int fd) : fd_(fd) {}

  protected:
    void sink_it_(const spdlog::details::log_msg& msg) override {
        spdlog::memory_buf_t line;
        formatter_->format(msg, line);
        // A log that cannot be written must not stop the work.
        [[maybe_unused]] const auto n = ::write(fd_, line.data(), line.size());
    }
    void flush_() override {}

  private:
    int fd_;
};

/// Ours and spdlog's levels in the same order.
spdlog::level::level_enum to_spdlog(Level level) { return static_cast<spdlog::level::level_enum>(level); }
static_assert(static_cast<int>(Level::trace) == spdlog::level::trace);
static_assert(static_cast<int>(Level::fatal) == spdlog::level::critical);

Level parse_level(std::string_view word) {
    if (word == "trace") return Level::trace;
    if (word == "debug") return Level::debug;
    if (word == "info") return Level::info;
    if (word == "warn" || word == "warning") return Level::warn;
    if (word == "error") return Level::error;
    if (word == "fatal" || word == "panic") return Level::fatal;
    throw Error(
        "log level '{}' is not supported, choose from: trace, debug, info, warn, warning, error, fatal, "
        "panic",
        word);
}

void use(int fd, std::string_view pattern) {
    const auto level = spdlog::get_level();
    auto logger = std::make_shared<spdlog::logger>("rpod", std::make_shared<FdSink>(fd));
    logger->set_pattern(std::string(pattern));
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace

bool enabled(Level level) noexcept { return spdlog::should_log(to_spdlog(level)); }

void write(Level level, std::string_view text) {
    spdlog::log(to_spdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void init(std::string_view level) {
    use(STDERR_FILENO, "time=\"%Y-%m-%dT%H:%M:%S%z\" level=%l msg=\"%v\"");
    spdlog::set_level(to_spdlog(parse_level(level)));
}

void redirect(int fd, std::string_view role) {
    use(fd, fmt::format("%Y-%m-%dT%H:%M:%S.%e%z {} %l: %v", role));
}

}  // namespace rpod::log
