// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "net/control.hh"
#include "overlay/serve.hh"
#include "runtime/network_joins.hh"
#include "runtime/plan.hh"
#include "sys/fd.hh"
#include "sys/process.hh"
#include "userns/pod_map.hh"

namespace rpod::runtime {

/// The forked roles that serve one container: rpod:overlay its image, rpod:net its network,
/// rpod:ports what it publishes later. What they work on
/// (the connections to the kernel, the index, the layers, the tap, the ports) stays open here, so that one
/// that dies is replaced by another that goes on where it was: whoever reads the image notices nothing, open
/// connections of the network are reset. Both end by themselves when what they serve is gone or this object
/// is.
///
/// Belongs to the process that launches, which has one thread and is their parent.
class Servers {
  public:
    Servers() = default;
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;

    /// @param root  stays where it is as long as this object lives
    void serve_image(std::vector<sys::Fd> connections, ImageRoot& root, std::vector<overlay::View> views,
                     const userns::PodMaps& maps);
    /// rpod's own overlay with the image below, where the kernel's is not used. What it knows of its nodes
    /// dies with it, so no other can take its place.
    /// @param fds  as Stage::overlay_mounted has them (runtime/sync.hh)
    /// @param sync  whether what is written must outlive a power failure
    void serve_overlay(std::vector<sys::Fd> fds, ImageRoot& root, const userns::PodMaps& maps, bool sync);
    /// @param pod_network  the pod's network namespace
    /// @param plan  stays where it is as long as this object lives
    void serve_network(sys::Fd tap, sys::Fd pod_network, NetworkPlan& plan);

    /// Puts the pod onto the plan's networks, and serves the published ports by a process rpod:ports.
    /// @param plan  stays where it is as long as this object lives
    void join_networks(sys::Fd pod_network, NetworkPlan& plan);
    /// Where the pod is on networks: they may be lost, and got back.
    NetworkJoins& joins() { return joins_; }
    /// As serve_network, for a network that has no pod of its own: rpod:network's.
    void serve_bridge(sys::Fd tap, NetworkPlan& plan);
    /// The names that are answered have changed. The plan has them, too, for the next rpod:net.
    /// @return false where rpod:net has not read enough yet: they are to be sent again
    [[nodiscard]] bool set_names(const std::string& text);

    /// Returns when rpod:net, where there is one, serves. @throws Error with its reason why it cannot
    void wait_network_ready();

    /// Readable when rpod:net asks something, or has ended; -1 where there is none.
    int network_fd() const { return network_.end ? network_.end->fd() : -1; }
    /// Then: the host's resolvers are read again, and handed to it where they have changed.
    void answer_network();

    /// Serves one more port, by a process rpod:ports of its own: whoever is connected notices nothing.
    /// @param listener  copied
    /// @param plan  stays where it is as long as this object lives
    /// @throws Error where the container has no network of its own
    void add_port(const net::PortListener& listener, const NetworkPlan& plan);
    /// Lets go of what add_port copied, where it was that port.
    void forget_port(uint16_t container_port, net::Transport transport);

    /// Ends rpod:net and rpod:ports for good and waits until they are gone: the plan's listeners are then
    /// nobody's but the plan's.
    void end_network();

    /// Waits until fd is readable, or at its end. A server that dies meanwhile is replaced: whoever is to
    /// make fd readable might be waiting for it.
    void wait_readable(int fd);

    /// A child of this process has ended and was waited for. If it was a server, another takes its place; one
    /// that dies again and again is given up, and what it served ends with an error for those who use it.
    /// @return whether it was one
    bool replace(pid_t pid, sys::ExitStatus status);
    /// Whether one that no other can replace has ended: the container has no files any more.
    bool lost_files() const { return lost_files_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Server {
        std::string role;
        /// Forks it. The flag: whether one was there before.
        std::function<pid_t(bool again)> start;
        std::function<void()> give_up;
        bool replaceable = true;
        pid_t pid = -1;
        sys::Fd pidfd;
        unsigned deaths = 0;  ///< since `counted_from`
        Clock::time_point counted_from = {};
    };
    struct Image {
        std::vector<sys::Fd> connections;
        std::vector<overlay::View> views;
        overlay::Owners owners;
        sys::Fd request_log;
    };
    struct AddedPort {
        net::PortListener listener;
        std::optional<net::MonitorEnd> end;
    };
    struct Network {
        sys::Fd tap;
        std::list<AddedPort> added;
        sys::Fd pod;                         ///< the pod's network namespace, where ports are published
        std::optional<net::MonitorEnd> end;  ///< rpod:net ends when this closes
        NetworkPlan* plan = nullptr;         ///< where there is a network
    };

    void add(Server server);
    void run(Server& server, bool again);
    pid_t start_image(ImageRoot& root, bool again);
    static pid_t start_overlay(std::vector<sys::Fd>& fds, ImageRoot& root, const userns::PodMaps& maps,
                               bool sync);
    pid_t start_network(NetworkPlan& plan);
    pid_t start_published(NetworkPlan& plan);
    pid_t start_ports(AddedPort& added, const NetworkPlan& plan);

    Image image_;
    Network network_;
    NetworkJoins joins_;
    std::vector<Server> servers_;
    bool lost_files_ = false;
};

}  // namespace rpod::runtime
