// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "runtime/foreign_mount.hh"

#include <fcntl.h>
#include <sched.h>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/channel.hh"
#include "sys/mount.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"
#include "sys/rooted_dir.hh"

namespace rpod::runtime {

std::optional<ForeignPath> parse_foreign_path(const std::string& source) {
    constexpr std::string_view kProc = "/proc/";
    constexpr std::string_view kRoot = "/root/";
    if (!source.starts_with(kProc)) return std::nullopt;
    const size_t end = source.find('/', kProc.size());
    if (end == std::string::npos || source.compare(end, kRoot.size(), kRoot) != 0) return std::nullopt;
    const auto pid = parse_uint(std::string_view(source).substr(kProc.size(), end - kProc.size()), INT32_MAX);
    if (!pid) return std::nullopt;
    return ForeignPath{.pid = static_cast<pid_t>(*pid), .path = source.substr(end + kRoot.size() - 1)};
}

sys::Fd clone_foreign_mount(const ForeignPath& from) {
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t helper = sys::fork_child("rpod:join", [&, &channel = theirs] {
        try {
            sys::join_namespace(sys::open_namespace(from.pid, CLONE_NEWNS).get(), CLONE_NEWNS);
            // "/" is the other container's root now, and all that its links can lead to.
            const auto place = sys::RootedDir::open("/").open(from.path, O_PATH | O_DIRECTORY);
            channel.send(1, {}, {sys::clone_mount(place.get(), false).get()});
        } catch (const Error& e) {
            channel.send(0, e.what());
        }
        return 0;
    });
    theirs.close();
    auto answer = ours.receive();
    sys::wait_for(helper);
    if (!answer) throw Error("share '{}' of another container: the joining process died", from.path);
    if (answer->kind == 0 || answer->fds.empty())
        throw Error("share '{}' of another container: {}", from.path, answer->text);
    return std::move(answer->fds[0]);
}

}  // namespace rpod::runtime
