// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/plan.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "runtime/seccomp_profile.hh"
#include "sys/capability.hh"
#include "sys/file.hh"

namespace rpod::runtime {
namespace {

constexpr size_t kMaxProfileBytes = 1 << 20;

sys::CapSet bounding_set(const oci::Process& process) {
    return process.capabilities ? sys::capability_set(process.capabilities->bounding) : 0;
}

/// A cache that cannot be had is none.
sys::Fd open_cache(const std::string& path) {
    try {
        sys::make_dirs(path);
        return sys::open_file(path, O_RDONLY | O_DIRECTORY);
    } catch (const SysError& e) {
        log::debug("seccomp cache: {}", e.what());
        return {};
    }
}

}  // namespace

SeccompFilter plan_seccomp(const oci::RuntimeSpec& spec, const std::string& cache_dir) {
    if (spec.linux.seccomp) return compile_seccomp(*spec.linux.seccomp);
    const auto& profile = spec.linux.seccomp_profile;
    if (profile.empty()) return {};
    const auto cache = open_cache(cache_dir);
    const auto bounding = bounding_set(spec.process);
    if (profile == "default") {
        return compile_seccomp_profile(default_seccomp_profile(), "default seccomp profile", bounding,
                                       cache.get());
    }
    return compile_seccomp_profile(sys::read_file(profile, kMaxProfileBytes), profile, bounding, cache.get());
}

std::vector<int> descriptors_of(const LaunchPlan& plan) {
    std::vector<int> fds;
    if (const auto* image = std::get_if<ImageRoot>(&plan.root.source)) {
        for (const auto& blob : image->blobs) fds.push_back(blob.get());
    }
    if (plan.hooks.caller) fds.push_back(plan.hooks.caller->fd());
    for (const auto& listener : plan.network.listeners) fds.push_back(listener.socket.get());
    for (const auto& join : plan.network.joins) fds.push_back(join.channel.fd());
    fds.insert(fds.end(), plan.passed_fds.begin(), plan.passed_fds.end());
    return fds;
}

}  // namespace rpod::runtime
