// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/frame.hh"

/// What a DNS forwarder must understand of a message (RFC 1035, section 4): its header and its one question.
/// All else, EDNS too, passes through as it is.
namespace rpod::net::dns {

constexpr size_t kHeader = 12;
constexpr size_t kMaxMessage = 65535;

enum class Rcode : uint8_t {
    ok = 0,
    format_error = 1,
    server_failure = 2,
    no_such_name = 3,
    not_implemented = 4,
    refused = 5
};

uint16_t id_of(Bytes message);
void set_id(std::vector<uint8_t>& message, uint16_t id);

/// Where the question of a standard query ends; nothing for other messages: responses, other operations, no
/// or several questions, a name that is cut short, too long or compressed.
std::optional<size_t> query_end(Bytes message);

/// What a standard query asks; nothing for other messages, and for a name with bytes in it that no host name
/// has.
struct Question {
    std::string name;  ///< without the dot at the end
    uint16_t type = 0, class_ = 0;
};
std::optional<Question> question_of(Bytes message);

/// The answer to a query for a name that has these addresses; an empty one where it asks for other records.
/// @param query  one that question_of() understands
std::vector<uint8_t> make_answer(Bytes query, const std::vector<in_addr>& addresses);

/// Whether `response` answers `query`: same ID, same operation, same question (letters of either case).
bool is_answer(Bytes query, Bytes response);
/// Of a message that has a header.
Rcode rcode_of(Bytes message);

/// The answer that we give ourselves: the query's header and, where it can be read, its question.
/// Nothing for what deserves no answer: it is too short, or is a response itself.
std::optional<std::vector<uint8_t>> make_error(Bytes query, Rcode rcode);
/// Header and question of a response alone, marked as truncated: the client asks again over TCP.
std::vector<uint8_t> truncate(Bytes response, size_t question_end);

}  // namespace rpod::net::dns
