// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/log.hh"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <memory>

#include "base/error.hh"

namespace rpod::log {
namespace {

/// Writes each line with one write(2): no stdio buffer that a fork could duplicate, no lock it could inherit.
class FdSink : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
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

void use(int fd, std::string_view pattern) {
    const auto level = spdlog::get_level();
    auto logger = std::make_shared<spdlog::logger>("rpod", std::make_shared<FdSink>(fd));
    logger->set_pattern(std::string(pattern));
    logger->set_level(level);
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace

void init(std::string_view level) {
    use(STDERR_FILENO, "time=\"%Y-%m-%dT%H:%M:%S%z\" level=%l msg=\"%v\"");
    if (level == "trace") return spdlog::set_level(spdlog::level::trace);
    if (level == "debug") return spdlog::set_level(spdlog::level::debug);
    if (level == "info") return spdlog::set_level(spdlog::level::info);
    if (level == "warn" || level == "warning") return spdlog::set_level(spdlog::level::warn);
    if (level == "error") return spdlog::set_level(spdlog::level::err);
    if (level == "fatal" || level == "panic") return spdlog::set_level(spdlog::level::critical);
    throw Error(
        "log level '{}' is not supported, choose from: trace, debug, info, warn, warning, error, fatal, "
        "panic",
        level);
}

void redirect(int fd, std::string_view role) {
    use(fd, fmt::format("%Y-%m-%dT%H:%M:%S.%e%z {} %l: %v", role));
}

}  // namespace rpod::log
