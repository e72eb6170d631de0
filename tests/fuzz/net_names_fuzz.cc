// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// Queries of containers for each other's names: what rpod:net answers without asking anybody.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/dns_message.hh"
#include "net/name_table.hh"
#include "net/subnet.hh"

using namespace rpod::net;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void check_answer(const NameTable& names, Bytes query) {
    const auto answer = names.answer(query);
    if (!answer) return;
    require(dns::is_answer(query, *answer));
    // It fits into a datagram that every client takes.
    require(answer->size() <= 512);
}

}  // namespace

/// A table, a line "--", a query.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto end = text.find("\n--\n");
    const NameTable names(end == text.npos ? std::string_view("10.89.0.2 db\n10.89.0.3 db\n")
                                           : text.substr(0, end));
    const size_t start = end == text.npos ? 0 : end + 4;
    check_answer(names, Bytes(data + start, size - start));
    if (const auto subnet = parse_subnet(text)) require(parse_subnet(subnet->text()).has_value());
    return 0;
}
