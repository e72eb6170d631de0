// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "base/error.hh"
#include "base/json.hh"
#include "base/strings.hh"
#include "pod/monitor.hh"

namespace rpod::pod {
namespace {

using oci::NamespaceType;

constexpr NamespaceType kTypes[] = {NamespaceType::pid, NamespaceType::network, NamespaceType::ipc,
                                    NamespaceType::uts, NamespaceType::user,    NamespaceType::cgroup};

}  // namespace

std::string to_json(const MemberRequest& request) {
    auto out = json::Builder::object();
    out.set("id", request.id).set("attached", request.attached).set("waits", request.waits);
    out.set("rows", int{request.rows}).set("columns", int{request.columns});
    auto foreign = json::Builder::object();
    for (const auto& [type, path] : request.foreign) foreign.set(oci::name(type), path);
    out.set("foreign", std::move(foreign));
    out.set("shared_shm", request.shared_shm).set("shared_mqueue", request.shared_mqueue);
    return out.dump();
}

MemberRequest member_request_from_json(std::string_view text) {
    const auto v = json::Value::parse(text, "the request to launch a container");
    MemberRequest request;
    request.id = v.at("id").as_string();
    request.attached = v.at("attached").as_bool();
    request.waits = v.at("waits").as_bool();
    request.rows = static_cast<uint16_t>(v.at("rows").as_uint(UINT16_MAX));
    request.columns = static_cast<uint16_t>(v.at("columns").as_uint(UINT16_MAX));
    const auto foreign = v.at("foreign");
    for (const auto type : kTypes) {
        if (const auto path = foreign.find(oci::name(type))) request.foreign[type] = path->as_string();
    }
    request.shared_shm = v.string_or("shared_shm");
    request.shared_mqueue = v.string_or("shared_mqueue");
    return request;
}

}  // namespace rpod::pod
