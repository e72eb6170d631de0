// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_log.hh"

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::container {
namespace {

/// Below it a rotation would come with almost every line.
constexpr uint64_t kSmallestLog = 4096;

std::string parse_driver(const std::string& driver) {
    if (driver.empty()) return "k8s-file";
    if (driver == "k8s-file" || driver == "json-file" || driver == "none" || driver == "passthrough")
        return driver;
    if (driver == "journald") {
        throw Error("--log-driver=journald is not supported: rpod does not write to the journal")
            .with_hint("--log-driver=passthrough in a systemd service hands the output to the journal");
    }
    throw Error("log-driver '{}': k8s-file, json-file, none and passthrough are known", printable(driver));
}

void check_option(const LogConfig& log, const std::string& name) {
    if (name == "max-size") return;
    if (name == "path")
        throw Error("--log-opt path is not supported: the log lies in the container's directory");
    if (name == "tag") throw Error("--log-opt tag is not supported: lines of {} carry no tag", log.driver);
    if (name == "max-file") {
        throw Error("--log-opt max-file is not supported: with max-size there are ctr.log and ctr.log.1");
    }
    throw Error("log-opt '{}': max-size is known", printable(name));
}

}  // namespace

LogConfig parse_log(const std::string& driver, const std::vector<std::string>& options) {
    LogConfig log;
    log.driver = parse_driver(driver);
    for (const auto& option : options) {
        const auto parts = split(option, '=', 2);
        if (parts.size() != 2) throw Error("log-opt '{}': NAME=VALUE is expected", printable(option));
        const std::string name(parts[0]);
        check_option(log, name);
        log.options[name] = parts[1];
    }
    log_max_size(log);
    return log;
}

uint64_t log_max_size(const LogConfig& log) {
    const auto option = log.options.find("max-size");
    if (option == log.options.end() || option->second == "-1") return 0;
    const auto size = parse_size(option->second);
    if (!size || *size < kSmallestLog) {
        throw Error("log-opt max-size: '{}' is not a size such as 10m, of at least {} bytes",
                    printable(option->second), kSmallestLog);
    }
    return *size;
}

}  // namespace rpod::container
