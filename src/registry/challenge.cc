// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "registry/challenge.hh"

#include <optional>

#include "base/strings.hh"

namespace rpod::registry {
namespace {

constexpr size_t kMaxHeader = 16384;
constexpr size_t kMaxChallenges = 16;
constexpr size_t kMaxParams = 32;

bool is_token_char(char c) {
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
}

/// The header's text with a position; what is asked for and not there moves nothing.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }
    void skip_separators() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t,"), rest_.size())); }

    std::string_view token() {
        size_t n = 0;
        while (n < rest_.size() && is_token_char(rest_[n])) ++n;
        return take(n);
    }

    /// token OWS "=" OWS ( token / quoted-string )
    std::optional<std::pair<std::string, std::string>> param() {
        const std::string_view before = rest_;
        const std::string name = to_lower(token());
        skip_blanks();
        if (!name.empty() && rest_.starts_with('=')) {
            rest_.remove_prefix(1);
            skip_blanks();
            if (auto text = value()) return std::pair(name, *std::move(text));
        }
        rest_ = before;
        return std::nullopt;
    }

    /// Base64 instead of parameters, as `Negotiate` has it.
    void skip_token68() {
        const size_t n = std::min(rest_.find_first_of(", \t"), rest_.size());
        rest_.remove_prefix(n);
    }

    bool at_end() const { return rest_.empty(); }
    bool at_blank() const { return rest_.starts_with(' ') || rest_.starts_with('\t'); }
    bool at_comma() const { return rest_.starts_with(','); }
    std::string_view rest() const { return rest_; }
    void go_back(std::string_view rest) { rest_ = rest; }

  private:
    std::string_view take(size_t n) {
        const auto front = rest_.substr(0, n);
        rest_.remove_prefix(n);
        return front;
    }

    std::optional<std::string> value() {
        if (!rest_.starts_with('"')) {
            const auto word = token();
            return word.empty() ? std::nullopt : std::optional<std::string>(word);
        }
        std::string out;
        for (size_t i = 1; i < rest_.size(); ++i) {
            if (rest_[i] == '"') {
                rest_.remove_prefix(i + 1);
                return out;
            }
            if (rest_[i] == '\\' && ++i == rest_.size()) break;
            out += rest_[i];
        }
        return std::nullopt;
    }

    std::string_view rest_;
};

void read_params(Reader& reader, Challenge& challenge) {
    reader.skip_blanks();
    bool first = true;
    for (;;) {
        const std::string_view before = reader.rest();
        if (!first) reader.skip_separators();
        auto param = reader.param();
        if (!param) {
            // The next challenge, or token68.
            reader.go_back(before);
            if (first) reader.skip_token68();
            return;
        }
        if (challenge.params.size() < kMaxParams) challenge.params.insert(*std::move(param));
        first = false;
        reader.skip_blanks();
        if (!reader.at_comma()) return;
    }
}

}  // namespace

std::string Challenge::param(const std::string& name) const {
    const auto it = params.find(name);
    return it == params.end() ? std::string() : it->second;
}

std::vector<Challenge> parse_challenges(std::string_view header) {
    std::vector<Challenge> out;
    Reader reader(header.substr(0, kMaxHeader));
    for (;;) {
        reader.skip_separators();
        if (reader.at_end() || out.size() == kMaxChallenges) return out;
        Challenge challenge{.scheme = to_lower(reader.token()), .params = {}};
        if (challenge.scheme.empty()) return out;
        if (reader.at_blank()) read_params(reader, challenge);
        out.push_back(std::move(challenge));
        reader.skip_blanks();
        if (!reader.at_end() && !reader.at_comma()) return out;
    }
}

}  // namespace rpod::registry
