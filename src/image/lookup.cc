// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// How a name on the command line finds an image: ImageStore::find.
#include <algorithm>
#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "image/image_store.hh"
#include "store/names.hh"

namespace rpod::image {
namespace {

bool is_hex_text(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    });
}

/// An entry that was found, and by which of its names.
struct Match {
    oci::Digest manifest;
    std::optional<oci::Reference> name;
};

/// What the text can mean as a full name, most likely first.
std::vector<oci::Reference> candidates(std::string_view text) {
    const auto hub = oci::Reference::try_parse(text);
    if (!hub) return {};
    if (oci::Reference::names_domain(text)) return {*hub};
    return {oci::Reference::parse_local(text), *hub};
}

/// The name of an entry that was pulled by digest alone: "repository@digest".
std::optional<oci::Reference> digest_reference(const LayoutEntry& entry) {
    if (!oci::Reference::names_domain(entry.name)) return std::nullopt;
    auto name = oci::Reference::try_parse(entry.name);
    return name && name->digest() && !name->tag() ? name : std::nullopt;
}

/// NAME[:TAG]@DIGEST: an image of that repository that came, or is stored, under the digest; the tag does not
/// count.
std::optional<Match> find_digest(const Layout& layout, const oci::Reference& wanted) {
    for (const auto& entry : layout.entries()) {
        const auto tagged = entry.reference();
        const auto name = tagged ? tagged : digest_reference(entry);
        if (!name || name->repository() != wanted.repository()) continue;
        const auto& sources = entry.sources;
        if (entry.manifest.digest == *wanted.digest() ||
            std::find(sources.begin(), sources.end(), *wanted.digest()) != sources.end()) {
            return Match{.manifest = entry.manifest.digest, .name = wanted.with_digest(*wanted.digest())};
        }
    }
    return std::nullopt;
}

std::optional<Match> find_name(const Layout& layout, std::string_view text) {
    for (const auto& candidate : candidates(text)) {
        if (candidate.digest()) {
            if (auto match = find_digest(layout, candidate)) return match;
            continue;
        }
        const auto name = candidate.with_default_tag();
        if (const auto* entry = layout.find(name))
            return Match{.manifest = entry->manifest.digest, .name = name};
    }
    return std::nullopt;
}

/// "debian:12" where there is only quay.io/team/debian:12.
std::optional<Match> find_path_end(const Layout& layout, std::string_view text) {
    const auto wanted = oci::Reference::try_parse(text);
    if (!wanted || oci::Reference::names_domain(text) || wanted->digest()) return std::nullopt;
    const std::string tag = wanted->tag().value_or("latest");
    const std::string_view repository = text.substr(0, text.find(':'));
    std::vector<std::string> found;
    std::set<oci::Digest> manifests;
    std::optional<Match> match;
    for (const auto& entry : layout.entries()) {
        const auto name = entry.reference();
        if (!name || name->tag() != tag || !name->repository().ends_with(fmt::format("/{}", repository)))
            continue;
        match = Match{.manifest = entry.manifest.digest, .name = name};
        manifests.insert(entry.manifest.digest);
        found.push_back(name->str());
    }
    if (manifests.size() > 1) {
        throw Error("the name '{}' is ambiguous: it can be {}", text, join(found, " or "));
    }
    return match;
}

}  // namespace

std::optional<Image> ImageStore::find_any(std::string_view text) const {
    const Layout layout = read_layout();
    const auto load_found = [&](const oci::Digest& manifest) -> std::optional<Image> {
        for (const auto& descriptor : layout.manifests()) {
            if (descriptor.digest == manifest) return load(layout, descriptor);
        }
        return std::nullopt;
    };
    const auto load_match = [&](const std::optional<Match>& match) {
        auto image = match ? load_found(match->manifest) : std::nullopt;
        if (image) image->found_as = match->name;
        return image;
    };
    const bool only_id = text.starts_with("sha256:") || (text.size() == 64 && is_hex_text(text));
    if (!only_id) {
        if (auto image = load_match(find_name(layout, text))) return image;
    }
    const std::string_view id = text.starts_with("sha256:") ? text.substr(7) : text;
    if (is_hex_text(id) && id.size() <= 64) {
        const auto images = load_all();
        std::vector<std::string> ids;
        for (const auto& image : images) ids.push_back(image.id.hex());
        const auto match = store::match_prefix(ids, id);
        if (match.ambiguous) throw Error("the image ID '{}' is ambiguous", id);
        for (const auto& image : images) {
            const bool by_manifest = only_id && (image.manifest.hex() == id || image.digest().hex() == id);
            if (image.id.hex() == match.id || by_manifest) return image;
        }
    }
    if (only_id) return std::nullopt;
    return load_match(find_path_end(layout, text));
}

std::optional<Image> ImageStore::find(std::string_view text) const {
    auto found = find_any(text);
    if (!found || !found->list) return found;
    return in_context([&] { return choose_image(read_layout(), *found); }, "{}", printable(text));
}

std::optional<Image> ImageStore::find_manifest(const Layout& layout, const oci::Digest& digest) const {
    for (const auto& descriptor : layout.manifests()) {
        const auto sources = layout.sources_of(descriptor.digest);
        if (descriptor.digest == digest ||
            std::find(sources.begin(), sources.end(), digest) != sources.end()) {
            if (auto image = load(layout, descriptor)) return image;
        }
    }
    return std::nullopt;
}

std::optional<Image> ImageStore::find_manifest(const oci::Digest& digest) const {
    return find_manifest(read_layout(), digest);
}

Image ImageStore::choose_image(const Layout& layout, const Image& list) const {
    const auto& entry = oci::choose_platform(*list.list, oci::host_platform());
    auto image = find_manifest(layout, entry.digest);
    if (!image || image->list) {
        throw Error("the list's image {} for this platform is not here", entry.digest.str())
            .with_hint("pull it by its digest first");
    }
    image->found_as = list.found_as;
    return *std::move(image);
}

Image ImageStore::get_any(std::string_view name) const {
    auto image = find_any(name);
    if (!image) throw Error("{}: image not known", printable(name));
    return *std::move(image);
}

Image ImageStore::get(std::string_view name) const {
    auto image = find(name);
    if (!image) throw Error("{}: image not known", printable(name));
    return *std::move(image);
}

}  // namespace rpod::image
