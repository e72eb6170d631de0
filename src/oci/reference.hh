// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oci/digest.hh"

namespace rpod::oci {

/// The name of an image: DOMAIN/PATH[:TAG][@DIGEST], by the grammar of docker's distribution project: the
/// domain is a host name or IPv6 address in brackets with an optional port, the path consists of lower-case
/// components, a tag has at most 128 characters, DOMAIN/PATH at most 255. A Reference always has a domain and
/// holds nothing else than that.
class Reference {
  public:
    /// Docker's reading of a short name: "debian" → docker.io/library/debian, "a/b" → docker.io/a/b. No tag
    /// is added. @throws Error that quotes the text
    static Reference parse(std::string_view text);
    /// podman's reading of a name given to something made here (tag, build, import): "debian" →
    /// localhost/debian, "a/b" → localhost/a/b.
    static Reference parse_local(std::string_view text);
    /// Nothing where parse would throw.
    static std::optional<Reference> try_parse(std::string_view text);
    /// Whether the text names a registry itself, so that parse and parse_local agree.
    static bool names_domain(std::string_view text);

    const std::string& domain() const noexcept { return domain_; }
    const std::string& path() const noexcept { return path_; }
    const std::optional<std::string>& tag() const noexcept { return tag_; }
    const std::optional<Digest>& digest() const noexcept { return digest_; }

    std::string repository() const { return domain_ + "/" + path_; }
    std::string str() const;
    /// What it means where one image is wanted: ":latest" where there is neither tag nor digest.
    Reference with_default_tag() const;
    /// repository@digest.
    Reference with_digest(const Digest& digest) const;
    /// repository:tag. @throws Error for a text that is not a tag
    Reference with_tag(std::string_view tag) const;

    friend bool operator==(const Reference&, const Reference&) = default;

  private:
    Reference() = default;
    static std::optional<Reference> read(std::string_view text, std::string_view default_domain,
                                         std::string* why);
    static Reference read_or_throw(std::string_view text, std::string_view default_domain);
    std::string domain_;
    std::string path_;
    std::optional<std::string> tag_;
    std::optional<Digest> digest_;
};

}  // namespace rpod::oci
