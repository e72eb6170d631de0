// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "oci/reference.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::oci {
namespace {

constexpr size_t kMaxName = 255;
constexpr size_t kMaxTag = 128;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool all_of(std::string_view text, bool (*is)(char)) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is);
}

/// alnum (separator alnum)*, where a separator is ".", "_", "__" or any number of "-".
bool is_path_component(std::string_view text) {
    const auto is_alnum = [](char c) { return is_lower(c) || is_digit(c); };
    size_t i = 0;
    for (;;) {
        const size_t word = i;
        while (i < text.size() && is_alnum(text[i])) ++i;
        if (i == word) return false;
        if (i == text.size()) return true;
        const char separator = text[i];
        const size_t first = i;
        while (i < text.size() && text[i] == separator) ++i;
        const size_t run = i - first;
        if (separator != '-' && !(separator == '.' && run == 1) && !(separator == '_' && run <= 2))
            return false;
    }
}

bool is_path(std::string_view text) {
    const auto parts = split(text, '/');
    return std::all_of(parts.begin(), parts.end(), is_path_component);
}

bool is_host_label(std::string_view text) {
    const auto is_alnum = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c); };
    return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_alnum(c) || c == '-'; });
}

bool is_host(std::string_view text) {
    if (text.starts_with('[')) {
        return text.ends_with(']') && text.size() > 2 && text.find(':') != std::string_view::npos &&
               all_of(text.substr(1, text.size() - 2), [](char c) { return is_hex(c) || c == ':'; });
    }
    const auto labels = split(text, '.');
    return std::all_of(labels.begin(), labels.end(), is_host_label);
}

bool is_domain(std::string_view text) {
    const size_t bracket = text.find(']');
    const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon == std::string_view::npos) return is_host(text);
    const auto port = text.substr(colon + 1);
    return is_host(text.substr(0, colon)) && all_of(port, is_digit);
}

bool is_tag(std::string_view text) {
    const auto is_word = [](char c) { return is_lower(c) || is_upper(c) || is_digit(c) || c == '_'; };
    return !text.empty() && text.size() <= kMaxTag && is_word(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

/// Docker's rule for telling "host/path" from "user/image".
bool is_domain_part(std::string_view first) {
    return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
           std::any_of(first.begin(), first.end(), is_upper);
}

/// The parts of DOMAIN/PATH[:TAG][@DIGEST], not judged yet.
struct Parts {
    std::string_view domain;  ///< empty where none is named
    std::string_view path;
    std::optional<std::string_view> tag;
    std::optional<std::string_view> digest;
};

Parts cut(std::string_view text) {
    Parts parts;
    if (const size_t at = text.find('@'); at != std::string_view::npos) {
        parts.digest = text.substr(at + 1);
        text = text.substr(0, at);
    }
    const size_t slash = text.rfind('/');
    const size_t colon = text.rfind(':');
    // A colon left of the last slash belongs to a port.
    if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
        parts.tag = text.substr(colon + 1);
        text = text.substr(0, colon);
    }
    const size_t first_slash = text.find('/');
    if (first_slash != std::string_view::npos && is_domain_part(text.substr(0, first_slash))) {
        parts.domain = text.substr(0, first_slash);
        text = text.substr(first_slash + 1);
    }
    parts.path = text;
    return parts;
}

std::string path_problem(std::string_view path) {
    if (path.empty()) return "no name";
    if (std::any_of(path.begin(), path.end(), is_upper)) return "repository name must be lowercase";
    if (!is_path(path)) return "invalid reference format";
    // It could not be told from an image ID.
    if (path.size() == 64 && all_of(path, is_hex)) return "a name of 64 hexadecimal digits is an image ID";
    return {};
}

}  // namespace

std::optional<Reference> Reference::read(std::string_view text, std::string_view default_domain,
                                         std::string* why) {
    const auto fail = [&](std::string reason) -> std::optional<Reference> {
        if (why) *why = std::move(reason);
        return std::nullopt;
    };
    const Parts parts = cut(text);
    if (std::string problem = path_problem(parts.path); !problem.empty()) return fail(std::move(problem));
    Reference ref;
    ref.domain_ = parts.domain.empty() ? default_domain : parts.domain;
    if (ref.domain_ == "index.docker.io") ref.domain_ = "docker.io";
    ref.path_ = parts.path;
    const bool official = ref.domain_ == "docker.io" && ref.path_.find('/') == std::string::npos;
    if (official) ref.path_ = "library/" + ref.path_;
    if (!is_domain(ref.domain_)) return fail("invalid registry name");
    if (ref.repository().size() > kMaxName)
        return fail(fmt::format("name longer than {} characters", kMaxName));
    if (parts.tag) {
        if (!is_tag(*parts.tag)) return fail("invalid tag");
        ref.tag_ = std::string(*parts.tag);
    }
    if (parts.digest) {
        ref.digest_ = Digest::try_parse(*parts.digest);
        if (!ref.digest_) return fail("invalid digest");
    }
    return ref;
}

Reference Reference::read_or_throw(std::string_view text, std::string_view default_domain) {
    std::string why;
    auto ref = read(text, default_domain, &why);
    if (!ref) throw Error("invalid image name '{}': {}", printable(text.substr(0, 300)), why);
    return *std::move(ref);
}

Reference Reference::parse(std::string_view text) { return read_or_throw(text, "docker.io"); }
Reference Reference::parse_local(std::string_view text) { return read_or_throw(text, "localhost"); }
std::optional<Reference> Reference::try_parse(std::string_view text) {
    return read(text, "docker.io", nullptr);
}
bool Reference::names_domain(std::string_view text) { return !cut(text).domain.empty(); }

std::string Reference::str() const {
    std::string out = repository();
    if (tag_) out += ":" + *tag_;
    if (digest_) out += "@" + digest_->str();
    return out;
}

Reference Reference::with_default_tag() const { return tag_ || digest_ ? *this : with_tag("latest"); }

Reference Reference::with_digest(const Digest& digest) const {
    Reference out = *this;
    out.tag_.reset();
    out.digest_ = digest;
    return out;
}

Reference Reference::with_tag(std::string_view tag) const {
    if (!is_tag(tag)) throw Error("invalid tag '{}'", printable(tag.substr(0, 200)));
    Reference out = *this;
    out.digest_.reset();
    out.tag_ = std::string(tag);
    return out;
}

}  // namespace rpod::oci
