// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/layout.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::image {
namespace {

constexpr const char* kSourcesAnnotation = "rpod.source.digests";

std::string take_annotation(oci::Descriptor& descriptor, const std::string& key) {
    const auto it = descriptor.annotations.find(key);
    if (it == descriptor.annotations.end()) return {};
    std::string value = it->second;
    descriptor.annotations.erase(it);
    return value;
}

std::vector<oci::Digest> parse_digests(std::string_view text) {
    std::vector<oci::Digest> out;
    for (const auto word : split(text, ' ')) {
        if (const auto digest = oci::Digest::try_parse(word)) out.push_back(*digest);
    }
    return out;
}

std::string join_digests(const std::vector<oci::Digest>& digests) {
    std::vector<std::string> words;
    for (const auto& digest : digests) words.push_back(digest.str());
    return join(words, " ");
}

void add_missing(std::vector<oci::Digest>& to, const std::vector<oci::Digest>& from) {
    for (const auto& digest : from) {
        if (std::find(to.begin(), to.end(), digest) == to.end()) to.push_back(digest);
    }
}

/// The entry of a name. Other tools write names that mean the same in other words: "docker.io/debian:12".
template <class Entries>
auto find_named(Entries& entries, const oci::Reference& name) {
    const auto it = std::find_if(entries.begin(), entries.end(),
                                 [text = name.str()](const auto& e) { return e.name == text; });
    if (it != entries.end()) return it;
    return std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.reference() == name; });
}

}  // namespace

std::optional<oci::Reference> LayoutEntry::reference() const {
    // A name of ours says its registry; what another tool wrote ("latest") must not turn into one of
    // docker.io.
    if (name.empty() || !oci::Reference::names_domain(name)) return std::nullopt;
    auto ref = oci::Reference::try_parse(name);
    if (!ref || !ref->tag() || ref->digest()) return std::nullopt;
    return ref;
}

Layout Layout::parse(std::string_view index_json) {
    Layout layout;
    auto index = oci::parse_index(index_json, oci::media_type::kIndex, "index.json of the store");
    for (auto& descriptor : index.manifests) {
        LayoutEntry entry{.manifest = std::move(descriptor), .name = {}};
        entry.name = take_annotation(entry.manifest, std::string(oci::kRefNameAnnotation));
        entry.sources = parse_digests(take_annotation(entry.manifest, kSourcesAnnotation));
        layout.entries_.push_back(std::move(entry));
    }
    return layout;
}

std::string Layout::to_json() const {
    oci::Index index{.media_type = std::string(oci::media_type::kIndex), .manifests = {}};
    for (const auto& entry : entries_) {
        oci::Descriptor descriptor = entry.manifest;
        if (!entry.name.empty()) descriptor.annotations[std::string(oci::kRefNameAnnotation)] = entry.name;
        if (!entry.sources.empty()) descriptor.annotations[kSourcesAnnotation] = join_digests(entry.sources);
        index.manifests.push_back(std::move(descriptor));
    }
    return oci::to_json(index);
}

std::vector<oci::Descriptor> Layout::manifests() const {
    std::vector<oci::Descriptor> out;
    for (const auto& entry : entries_) {
        const auto same = [&](const oci::Descriptor& d) { return d.digest == entry.manifest.digest; };
        if (std::none_of(out.begin(), out.end(), same)) out.push_back(entry.manifest);
    }
    return out;
}

std::vector<oci::Reference> Layout::names_of(const oci::Digest& manifest) const {
    std::vector<oci::Reference> out;
    for (const auto& entry : entries_) {
        if (entry.manifest.digest != manifest) continue;
        if (auto name = entry.reference()) out.push_back(*std::move(name));
    }
    return out;
}

std::vector<oci::Digest> Layout::sources_of(const oci::Digest& manifest) const {
    std::vector<oci::Digest> out;
    for (const auto& entry : entries_) {
        if (entry.manifest.digest == manifest) add_missing(out, entry.sources);
    }
    return out;
}

const LayoutEntry* Layout::find(const oci::Reference& name) const {
    const auto it = find_named(entries_, name);
    return it == entries_.end() ? nullptr : &*it;
}

void Layout::add(const oci::Descriptor& manifest, const std::vector<oci::Digest>& sources) {
    bool there = false;
    for (auto& entry : entries_) {
        if (entry.manifest.digest != manifest.digest) continue;
        add_missing(entry.sources, sources);
        there = true;
    }
    if (!there) entries_.push_back(LayoutEntry{.manifest = manifest, .name = {}, .sources = sources});
}

void Layout::set_name(const oci::Reference& name, const oci::Digest& manifest) {
    const std::string text = name.str();
    const auto of_image = [&](const LayoutEntry& e) { return e.manifest.digest == manifest; };
    const auto model = std::find_if(entries_.begin(), entries_.end(), of_image);
    if (model == entries_.end()) throw Error("internal error: no image to name '{}'", text);
    if (std::any_of(entries_.begin(), entries_.end(),
                    [&](const auto& e) { return of_image(e) && e.name == text; })) {
        return;
    }
    LayoutEntry entry = *model;
    entry.name = text;
    entry.sources = sources_of(manifest);
    remove_name(name);
    // The first name takes the place of none.
    std::erase_if(entries_, [&](const auto& e) { return of_image(e) && e.name.empty(); });
    entries_.push_back(std::move(entry));
}

bool Layout::remove_name(const oci::Reference& name) {
    bool removed = false;
    for (auto it = find_named(entries_, name); it != entries_.end(); it = find_named(entries_, name)) {
        const auto same_image = [&](const auto& e) { return e.manifest.digest == it->manifest.digest; };
        if (std::count_if(entries_.begin(), entries_.end(), same_image) == 1) {
            it->name.clear();
        } else {
            entries_.erase(it);
        }
        removed = true;
    }
    return removed;
}

void Layout::replace(const oci::Digest& manifest, const oci::Descriptor& with) {
    for (auto& entry : entries_) {
        if (entry.manifest.digest == manifest) entry.manifest = with;
    }
}

void Layout::remove_image(const oci::Digest& manifest) {
    std::erase_if(entries_, [&](const auto& e) { return e.manifest.digest == manifest; });
}

}  // namespace rpod::image
