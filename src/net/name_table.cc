// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/name_table.hh"

#include "base/strings.hh"
#include "net/address.hh"
#include "net/dns_message.hh"

namespace rpod::net {
namespace {

/// More than these of one name are not answered: they fit into 512 bytes with the longest name.
constexpr size_t kMaxAddresses = 12;

}  // namespace

NameTable::NameTable(std::string_view text) {
    for (const auto line : split(text, '\n')) {
        const auto parts = split(line, ' ', 2);
        if (parts.size() != 2) continue;
        const auto address = parse_ipv4(parts[0]);
        if (!address) continue;
        auto& addresses = names_[to_lower(parts[1])];
        if (addresses.size() < kMaxAddresses) addresses.push_back(*address);
    }
}

std::optional<std::vector<uint8_t>> NameTable::answer(Bytes message) const {
    const auto question = dns::question_of(message);
    if (!question) return std::nullopt;
    auto name = to_lower(question->name);
    const bool ours = name.ends_with(kContainerDomain) && name.size() > kContainerDomain.size() &&
                      name[name.size() - kContainerDomain.size() - 1] == '.';
    if (ours) name.resize(name.size() - kContainerDomain.size() - 1);
    const auto known = names_.find(name);
    if (known != names_.end()) return dns::make_answer(message, known->second);
    if (ours) return dns::make_error(message, dns::Rcode::no_such_name);
    return std::nullopt;
}

}  // namespace rpod::net
