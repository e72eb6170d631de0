// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/stored_mounts.hh"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/log.hh"
#include "container/spec.hh"
#include "container/volume.hh"

namespace rpod::container {
namespace {

oci::Mount bind(const std::string& source, const std::string& destination, const MountOptions& options) {
    oci::Mount m;
    m.destination = destination;
    m.type = "bind";
    m.source = source;
    m.options = {"rbind", "rprivate", options.read_only ? "ro" : "rw"};
    return m;
}

class Converter {
  public:
    explicit Converter(const std::map<std::string, std::string>& volumes) : volumes_(volumes) {}

    std::optional<oci::Mount> operator()(const BindMount& m) const {
        if (::access(m.source.c_str(), F_OK) == 0) return bind(m.source, m.destination, m.options);
        log::debug("'{}' is not there to be bound", m.source);
        return std::nullopt;
    }
    std::optional<oci::Mount> operator()(const VolumeMount& m) const {
        auto mount = bind(volumes_.at(m.destination), m.destination, m.options);
        if (m.copy_up) mount.options.emplace_back("tmpcopyup");
        return mount;
    }
    std::optional<oci::Mount> operator()(const TmpfsMount&) const { return std::nullopt; }
    std::optional<oci::Mount> operator()(const DevptsMount&) const { return std::nullopt; }

  private:
    const std::map<std::string, std::string>& volumes_;
};

}  // namespace

std::vector<oci::Mount> stored_mounts(const store::Paths& paths, const ContainerConfig& config,
                                      const oci::RunConfig* image, const std::filesystem::path& directory) {
    const auto wanted = effective_mounts(config, image);
    const auto volumes = prepare_volumes(paths, wanted, directory);
    std::vector<oci::Mount> out;
    for (const auto& mount : wanted) {
        if (auto converted = std::visit(Converter(volumes), mount)) out.push_back(*std::move(converted));
    }
    std::stable_sort(out.begin(), out.end(), [](const oci::Mount& a, const oci::Mount& b) {
        return std::count(a.destination.begin(), a.destination.end(), '/') <
               std::count(b.destination.begin(), b.destination.end(), '/');
    });
    return out;
}

}  // namespace rpod::container
