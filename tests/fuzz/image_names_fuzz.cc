// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// What names images and their parts: references, digests, transports, members of archives, --change. Each
// that is accepted is what it claims to be, and is read back from its own text.
#include <cstdlib>
#include <string_view>

#include "base/error.hh"
#include "image/change.hh"
#include "image/image_files.hh"
#include "image/pull.hh"
#include "image/tar_reader.hh"
#include "oci/digest.hh"
#include "oci/reference.hh"

namespace {

using namespace rpod;

void require(bool good) {
    if (!good) std::abort();
}

void check_reference(std::string_view text) {
    const auto found = oci::Reference::try_parse(text);
    try {
        const auto local = oci::Reference::parse_local(text);
        require(found.has_value() && local.path().size() <= 255);
        require(oci::Reference::names_domain(text) ? local == *found : local.domain() == "localhost");
    } catch (const Error&) {
        require(!found || !oci::Reference::names_domain(text));
    }
    if (!found) return;
    require(oci::Reference::parse(found->str()) == *found);
    require(found->repository().find("..") == std::string::npos ||
            found->repository().find("/../") == std::string::npos);
    const auto tagged = found->with_default_tag();
    require(tagged.tag() || tagged.digest());
    require(oci::Reference::parse(tagged.str()) == tagged);
}

void check_digest(std::string_view text) {
    if (const auto digest = oci::Digest::try_parse(text)) {
        require(digest->str() == text);
        require(oci::Digest::from_hex(digest->hex()) == digest);
    }
}

void check_clean(const std::string& path) {
    require(path.size() <= 4096 && !path.starts_with('/') && !path.ends_with('/'));
    require(("/" + path + "/").find("/../") == std::string::npos &&
            ("/" + path + "/").find("/./") == std::string::npos);
    require(path.find("//") == std::string::npos);
}

void check_members(std::string_view text) {
    const size_t middle = std::min(text.find('\n'), text.size());
    const std::string first(text.substr(0, middle));
    try {
        const std::string member = image::clean_member_path(first);
        check_clean(member);
        check_clean(image::resolve_member_link(member, std::string(text.substr(middle))));
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_reference(text);
    check_digest(text);
    check_members(text);
    try {
        if (const auto from = image::TransportName::parse(text)) require(!from->path.empty());
    } catch (const Error&) {
    }
    oci::ImageConfig config;
    std::string json;
    try {
        image::apply_change(config.config, text);
        // The first writing makes text of what is none in UTF-8. That can change an order, and make two keys
        // one: what adds an image reads its configuration back and refuses it.
        json = to_json(oci::ImageConfig::parse(to_json(config)));
    } catch (const Error&) {
        return 0;
    }
    require(to_json(oci::ImageConfig::parse(json)) == json);
    return 0;
}
