// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <vector>

#include "net/config.hh"
#include "net/frame.hh"
#include "net/frame_write.hh"
#include "net/name_table.hh"
#include "net/poll_set.hh"
#include "net/resolvers.hh"
#include "net/slirp.hh"
#include "sys/fd.hh"

namespace rpod::net {

/// DNS over UDP at the pod's DNS addresses: takes queries out of the pod's frames, asks the host's resolvers,
/// and puts the answers into frames of its own. Each try has a socket of its own, so that an answer must hit
/// a random port and a random ID, and come from the address that was asked. A resolver that fails or is late
/// is followed by the next one; an answer that comes late is still taken.
class DnsUdp {
  public:
    /// @param resolvers, sink  borrowed
    DnsUdp(const SlirpConfig& config, Resolvers& resolvers, FrameSink& sink);

    /// @return whether the frame was a datagram to port 53 of a DNS address; libslirp does not get it then
    bool take(Bytes frame, const IpFrame& ip);
    /// Forgets all queries: the resolvers have changed. Clients ask again.
    void reset() { queries_.clear(); }

    /// Names that are answered here. @param names  borrowed; null: none
    void set_names(const NameTable* names) { names_ = names; }

    /// As those of SlirpStack.
    int register_sockets(PollSet& poll);
    void handle_sockets(const PollSet& poll);

    /// Queries that wait at one time; beyond it the oldest is dropped.
    static constexpr size_t kMaxQueries = 256;

  private:
    struct Try {
        sys::Fd socket;
        size_t resolver;
        size_t poll_index;
    };
    struct Query {
        ReplyPath path;
        uint16_t client_id;  ///< `message` has our own
        std::vector<uint8_t> message;
        size_t question_end;
        size_t first_resolver;
        size_t tried = 0;              ///< resolvers, with those that could not be asked
        int64_t deadline_ms = 0;       ///< of the latest try
        std::vector<Try> tries;        ///< that still may answer
        std::vector<uint8_t> failure;  ///< the answer of a resolver that failed, for want of a better one
    };

    bool is_ours(const IpFrame& ip) const;
    void start(const ReplyPath& path, Bytes message);
    /// Asks the next resolver that can be asked. false where none is left.
    bool ask_next(Query& query);
    bool ask(Query& query, size_t resolver);
    /// true where the query is answered for good.
    bool receive(Query& query, Try& attempt);
    bool advance(Query& query, const PollSet& poll, int64_t now);
    void answer(const Query& query, std::vector<uint8_t> message) const;
    size_t max_tries() const;

    in_addr address_;
    in6_addr address6_;
    unsigned mtu_;
    Resolvers& resolvers_;
    FrameSink& sink_;
    const NameTable* names_ = nullptr;
    std::vector<Query> queries_;
    std::vector<uint8_t> buffer_;
};

}  // namespace rpod::net
