// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hh"
#include "cli/data.hh"
#include "container/disk_usage.hh"
#include "container/snapshot.hh"
#include "image/image_store.hh"
#include "pod/config.hh"

/// What `ps` shows of containers.
namespace rpod::cli {

/// The images of containers, each looked up once.
class ContainerImages {
  public:
    explicit ContainerImages(const image::ImageStore& store) : store_(store) {}
    /// Null where it is gone (its containers keep it from going) or there is none (--rootfs).
    const image::Image* find(const container::ContainerConfig& config);
    /// The whole name under which the container was made: "localhost/busybox:latest".
    std::string name(const container::ContainerConfig& config);

  private:
    const image::ImageStore& store_;
    std::map<std::string, std::optional<image::Image>> images_;
};

/// podman's "Command": the user's, else that of the image, without the entrypoint.
std::vector<std::string> shown_command(const container::ContainerConfig& config, const image::Image* image);

/// Where the user and the image have binds and volumes, sorted.
std::vector<std::string> mount_points(const container::ContainerConfig& config, const image::Image* image);

/// "0.0.0.0:8080->80/tcp, …"
std::string ports_text(const std::vector<net::PortMapping>& ports);
/// What --expose and the image name.
std::vector<std::string> exposed_ports(const container::ContainerConfig& config, const image::Image* image);

/// "Up 5 seconds", "Exited (1) 3 minutes ago", "Created".
std::string status_text(const container::Snapshot& s);

Timestamp timestamp(container::Time time);
/// "3 minutes ago"
std::string ago(Timestamp time);
/// The first 12 digits, or all.
std::string shown_id(const std::string& id, bool whole);

struct ViewOptions {
    bool no_trunc = false;
    bool namespaces = false;
    const pod::PodConfig* pod = nullptr;  ///< of the container, where it is in one
};

/// The object that templates and --format json see. @param usage  null where sizes were not asked for
DataObject make_view(const container::Snapshot& s, ContainerImages& images, const ViewOptions& o,
                     const container::DiskUsage* usage);

}  // namespace rpod::cli
