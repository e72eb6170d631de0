// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "net/dns_message.hh"

#include <algorithm>

namespace rpod::net::dns {
namespace {

// Byte 2 of the header: QR, four bits of operation, AA, TC, RD.
constexpr uint8_t kResponse = 0x80;
constexpr uint8_t kOperation = 0x78;
constexpr uint8_t kTruncated = 0x02;
constexpr uint8_t kRecursionDesired = 0x01;
// Byte 3: RA, Z, AD, CD, four bits of result.
constexpr uint8_t kRecursionAvailable = 0x80;
constexpr uint8_t kCheckingDisabled = 0x10;
constexpr uint8_t kResult = 0x0f;

constexpr size_t kMaxName = 255;
constexpr size_t kMaxLabel = 63;

uint16_t word_at(Bytes bytes, size_t at) { return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]); }

uint8_t to_lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + 32) : c; }

/// Of one question: labels, type, class. Lengths of labels are below 'A', so that case is folded in them
/// harmlessly.
std::optional<size_t> question_end(Bytes message) {
    if (message.size() < kHeader || word_at(message, 4) != 1) return std::nullopt;
    size_t at = kHeader;
    while (at < message.size() && message[at] != 0) {
        if (message[at] > kMaxLabel) return std::nullopt;
        at += size_t{1} + message[at];
        if (at - kHeader >= kMaxName) return std::nullopt;
    }
    at += 1 + 4;
    return at <= message.size() ? std::optional(at) : std::nullopt;
}

}  // namespace

uint16_t id_of(Bytes message) { return word_at(message, 0); }

void set_id(std::vector<uint8_t>& message, uint16_t id) {
    message[0] = static_cast<uint8_t>(id >> 8);
    message[1] = static_cast<uint8_t>(id);
}

std::optional<size_t> query_end(Bytes message) {
    if (message.size() < kHeader || message[2] & (kResponse | kOperation)) return std::nullopt;
    return question_end(message);
}

std::optional<Question> question_of(Bytes message) {
    const auto end = query_end(message);
    if (!end) return std::nullopt;
    Question question{.name = {}, .type = word_at(message, *end - 4), .class_ = word_at(message, *end - 2)};
    for (size_t at = kHeader; message[at] != 0; at += size_t{1} + message[at]) {
        if (!question.name.empty()) question.name += '.';
        for (const uint8_t c : message.subspan(at + 1, message[at])) {
            if (c <= ' ' || c >= 0x7f || c == '.') return std::nullopt;
            question.name += static_cast<char>(c);
        }
    }
    return question;
}

std::vector<uint8_t> make_answer(Bytes query, const std::vector<in_addr>& addresses) {
    constexpr uint16_t kTypeA = 1, kClassInternet = 1, kAny = 255;
    // Pointer to the question's name, type A, class IN, no caching, four bytes.
    constexpr uint8_t kRecord[] = {0xc0, kHeader, 0, kTypeA, 0, kClassInternet, 0, 0, 0, 0, 0, 4};
    auto answer = *make_error(query, Rcode::ok);
    const auto question = question_of(query);
    if (!question || (question->type != kTypeA && question->type != kAny) ||
        question->class_ != kClassInternet)
        return answer;
    for (const auto& address : addresses) {
        answer.insert(answer.end(), std::begin(kRecord), std::end(kRecord));
        const auto* bytes = reinterpret_cast<const uint8_t*>(&address);
        answer.insert(answer.end(), bytes, bytes + sizeof address);
    }
    answer[6] = static_cast<uint8_t>(addresses.size() >> 8);
    answer[7] = static_cast<uint8_t>(addresses.size());
    return answer;
}

bool is_answer(Bytes query, Bytes response) {
    const auto end = question_end(query);
    if (!end || question_end(response) != end || id_of(query) != id_of(response)) return false;
    if (!(response[2] & kResponse) || (response[2] & kOperation) != (query[2] & kOperation)) return false;
    return std::equal(query.begin() + kHeader, query.begin() + static_cast<ptrdiff_t>(*end),
                      response.begin() + kHeader,
                      [](uint8_t a, uint8_t b) { return to_lower(a) == to_lower(b); });
}

Rcode rcode_of(Bytes message) { return static_cast<Rcode>(message[3] & kResult); }

std::optional<std::vector<uint8_t>> make_error(Bytes query, Rcode rcode) {
    if (query.size() < kHeader || query[2] & kResponse) return std::nullopt;
    const auto end = question_end(query);
    const Bytes kept = query.first(end.value_or(kHeader));
    std::vector<uint8_t> answer(kept.begin(), kept.end());
    answer[2] = static_cast<uint8_t>(kResponse | (query[2] & (kOperation | kRecursionDesired)));
    answer[3] =
        static_cast<uint8_t>(kRecursionAvailable | (query[3] & kCheckingDisabled) | static_cast<int>(rcode));
    std::fill(answer.begin() + 4, answer.begin() + kHeader, uint8_t{0});
    if (end) answer[5] = 1;
    return answer;
}

std::vector<uint8_t> truncate(Bytes response, size_t question_end) {
    const Bytes kept = response.first(std::min(question_end, response.size()));
    std::vector<uint8_t> answer(kept.begin(), kept.end());
    answer[2] |= kTruncated;
    // No answers, authorities or additional records are left.
    std::fill(answer.begin() + 6, answer.begin() + kHeader, uint8_t{0});
    return answer;
}

}  // namespace rpod::net::dns
