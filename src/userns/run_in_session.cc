// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/run_in_session.hh"

#include "base/error.hh"
#include "sys/process.hh"

namespace rpod::userns {

void run_in_session(const SessionFiles& files, const SpawnOptions& options, const std::string& who,
                    const std::function<int(const sys::Channel& caller)>& body) {
    auto [ours, theirs] = sys::Channel::make_pair();
    const auto run = [&, &command = ours, &channel = theirs](int) {
        command.close();  // this process's copy: the end of the command's own is to be seen
        try {
            return body(channel);
        } catch (const std::exception& e) {
            channel.send(1, e.what());
            return kExitFailed;
        }
    };
    const pid_t pid = spawn_in_session(files, current_identity(), options, run);
    theirs.close();
    const auto failure = ours.receive();
    const auto status = sys::wait_for(pid);
    if (failure) throw Error(failure->text);
    if (!status.ok()) throw Error("{} died", who);
}

}  // namespace rpod::userns
