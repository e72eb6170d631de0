// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "oci/digest.hh"
#include "oci/manifest.hh"

namespace rpod::oci {

constexpr size_t kMaxConfigBytes = 8 << 20;

/// docker's extension, which podman reads and writes too; times in nanoseconds, 0: the default.
struct Healthcheck {
    std::vector<std::string> test;  ///< {"NONE"}, {"CMD", …} or {"CMD-SHELL", text}
    int64_t interval_ns = 0;
    int64_t timeout_ns = 0;
    int64_t start_period_ns = 0;
    int64_t retries = 0;
    friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
};

/// What a container of the image runs with unless told otherwise.
struct RunConfig {
    std::string user;
    std::set<std::string> exposed_ports;  ///< "80/tcp"
    /// NAME=VALUE. Entries without '=' are dropped: podman took the host's value for them (CVE-2022-2739's
    /// class).
    std::vector<std::string> env;
    std::vector<std::string> entrypoint;
    std::vector<std::string> cmd;
    std::set<std::string> volumes;
    std::string working_dir;
    std::map<std::string, std::string> labels;
    std::string stop_signal;
    std::vector<std::string> on_build;
    std::vector<std::string> shell;
    std::optional<Healthcheck> healthcheck;
};

struct History {
    std::string created;
    std::string created_by;
    std::string author;
    std::string comment;
    bool empty_layer = false;
};

/// The configuration of an image (OCI image-spec config.md with docker's extensions).
struct ImageConfig {
    std::string created;  ///< RFC 3339, as written; may be empty
    std::string author;
    Platform platform;
    RunConfig config;
    std::vector<Digest> diff_ids;  ///< of the uncompressed layers, lowest first
    std::vector<History> history;

    /// Nulls count as absent wherever they stand. @throws Error
    static ImageConfig parse(std::string_view text, std::string what = "image configuration");
};

/// Compact JSON; the same value always gives the same bytes.
std::string to_json(const ImageConfig& config);

}  // namespace rpod::oci
