// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/log_record.hh"

#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"

namespace rpod::container {
namespace {

std::optional<LogRecord> parse_k8s(std::string_view line) {
    const auto fields = split(line, ' ', 4);
    if (fields.size() < 3) return std::nullopt;
    const auto time = parse_rfc3339(fields[0]);
    if (!time || (fields[1] != "stdout" && fields[1] != "stderr")) return std::nullopt;
    // The kubelet allows more tags behind a colon: "F:…".
    const auto tag = fields[2].substr(0, fields[2].find(':'));
    if (tag != "F" && tag != "P") return std::nullopt;
    return LogRecord{.time = *time,
                     .is_stderr = fields[1] == "stderr",
                     .ends_line = tag == "F",
                     .text = std::string(fields.size() == 4 ? fields[3] : std::string_view())};
}

std::optional<LogRecord> parse_json(std::string_view line) {
    try {
        const auto value = json::Value::parse(line, "log record");
        const auto time = parse_rfc3339(value.string_or("time"));
        if (!time) return std::nullopt;
        LogRecord record{.time = *time,
                         .is_stderr = value.string_or("stream") == "stderr",
                         .ends_line = false,
                         .text = value.string_or("log")};
        if (record.text.ends_with('\n')) {
            record.ends_line = true;
            record.text.pop_back();
        }
        return record;
    } catch (const Error&) {
        return std::nullopt;
    }
}

}  // namespace

std::optional<LogRecord> parse_log_record(std::string_view line, LogFormat format) {
    return format == LogFormat::k8s_file ? parse_k8s(line) : parse_json(line);
}

bool ends_log_line(std::string_view line, LogFormat format) {
    if (format == LogFormat::k8s_file) {
        const auto fields = split(line.substr(0, 128), ' ', 4);
        return fields.size() < 3 || !fields[2].starts_with('P');
    }
    const auto record = parse_json(line);
    return !record || record->ends_line;
}

}  // namespace rpod::container
