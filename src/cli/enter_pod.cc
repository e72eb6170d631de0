// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/enter_pod.hh"

#include "base/error.hh"
#include "base/log.hh"
#include "container/publish.hh"
#include "pod/join.hh"
#include "pod/life.hh"
#include "pod/record.hh"

namespace rpod::cli {

EnterPod::EnterPod(const store::Paths& paths, RunRequest& request) : paths_(paths) {
    const std::string& wanted = request.modes.pod;
    if (wanted.empty()) return;
    constexpr std::string_view kNew = "new:";
    std::string id;
    if (wanted.starts_with(kNew)) {
        auto pod = pod::make_pod_for(request.config, wanted.substr(kNew.size()));
        container::choose_ports(pod.base, nullptr);
        pod::create_pod(paths, pod);
        id = made_ = pod.base.id;
    } else {
        id = pod::find_pod(paths, wanted);
    }
    pod::join_pod(paths, request.config, id);
}

EnterPod::~EnterPod() {
    if (made_.empty()) return;
    try {
        pod::remove_pod(paths_, made_, {.force = true, .stop_seconds = 0});
    } catch (const Error& e) {
        log::warn("remove pod {}: {}", made_, e.what());
    }
}

}  // namespace rpod::cli
