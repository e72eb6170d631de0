// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/resource_usage.hh"

#include <unistd.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/processes.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

std::string text_or_empty(const std::string& path) {
    try {
        return sys::find_file(path).value_or("");
    } catch (const SysError&) {
        return {};  // gone meanwhile
    }
}

/// The number behind "KEY:" in a file of /proc; 0 where there is none.
uint64_t value_of(std::string_view text, std::string_view key) {
    for (const auto line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || line.substr(0, colon) != key) continue;
        const auto value = trim(line.substr(colon + 1));
        return parse_uint(value.substr(0, value.find(' '))).value_or(0);
    }
    return 0;
}

/// proc(5), /proc/PID/net/dev: two lines of headings; 8 numbers of what came in, 8 of what went out.
void add_network(std::string_view text, ResourceUsage& usage) {
    for (const auto line : split(text, '\n')) {
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || trim(line.substr(0, colon)) == "lo") continue;
        std::vector<std::string_view> numbers;
        for (const auto field : split(line.substr(colon + 1), ' ')) {
            if (!field.empty()) numbers.push_back(field);
        }
        if (numbers.size() < 16) continue;
        usage.received_bytes += parse_uint(numbers[0]).value_or(0);
        usage.sent_bytes += parse_uint(numbers[8]).value_or(0);
    }
}

}  // namespace

ResourceUsage resource_usage(pid_t first, bool own_namespace, bool own_network) {
    ResourceUsage usage;
    for (const auto& process : container_processes(first, own_namespace)) {
        usage.cpu_ns += process.cpu_ns + process.children_cpu_ns;
        usage.resident_bytes += process.resident_bytes;
        usage.tasks += static_cast<uint64_t>(process.threads);
        const auto io = text_or_empty(fmt::format("/proc/{}/io", process.host_pid));
        usage.read_bytes += value_of(io, "read_bytes");
        usage.written_bytes += value_of(io, "write_bytes");
        const auto now = boot_clock_ns();
        if (process.host_pid == first && now > process.start_ns) usage.age_ns = now - process.start_ns;
    }
    usage.host_memory_bytes = value_of(text_or_empty("/proc/meminfo"), "MemTotal") * 1024;
    usage.has_network = own_network;
    if (own_network) add_network(text_or_empty(fmt::format("/proc/{}/net/dev", first)), usage);
    return usage;
}

}  // namespace rpod::container
