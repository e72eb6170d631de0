// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/manifest_list.hh"

#include <algorithm>

#include "base/error.hh"
#include "base/time.hh"
#include "image/copy_source.hh"
#include "registry/registries_conf.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

constexpr const char* kId = "rpod.list.id";
constexpr const char* kCreated = "rpod.list.created";
constexpr const char* kSource = "rpod.list.source";

template <class T>
std::string annotation(const T& of, const char* key) {
    const auto it = of.annotations.find(key);
    return it == of.annotations.end() ? std::string() : it->second;
}

oci::Descriptor describe(const RawManifest& manifest, const oci::Platform& platform) {
    return {.media_type = manifest.media_type,
            .digest = manifest.digest(),
            .size = manifest.bytes.size(),
            .annotations = {},
            .platform = platform};
}

/// By the manifest with which it came, where there is one: that is the digest that its registry knows.
oci::Descriptor entry_for(const ImageStore& store, const Image& image) {
    for (const auto& digest : {image.digest(), image.manifest}) {
        const auto raw = RawManifest::parse(store.read_blob(digest, oci::kMaxManifestBytes), {},
                                            "manifest " + digest.str());
        if (std::holds_alternative<oci::Manifest>(raw.parsed)) return describe(raw, image.config.platform);
    }
    throw Error("internal error: image {} has no manifest", image.id.hex());
}

std::vector<oci::Descriptor> entries_of_list(const ImageStore& store, const std::string& text,
                                             const Image& list, bool all) {
    if (all) return list.list->manifests;
    return {entry_for(store, store.get(text))};
}

/// How the entry is found again: by its digest, and in whatever directory a command runs.
std::string source_text(Place place, const oci::Digest& digest) {
    if (place.remote) place.remote = place.remote->with_digest(digest);
    if (place.files) place.files->path = std::filesystem::absolute(place.files->path).native();
    return place.str();
}

oci::Descriptor remote_entry(CopySource& source, const RawManifest& raw, const oci::Descriptor* entry) {
    if (entry && entry->platform) return *entry;
    const auto& manifest = std::get<oci::Manifest>(raw.parsed);
    return describe(raw, oci::ImageConfig::parse(read_config(source, manifest.config)).platform);
}

std::vector<oci::Descriptor> remote_entries(const ImageStore& store, const Place& place, bool all,
                                            const registry::ClientOptions& options) {
    Staging staging(store);
    const auto source = open_source(place, options, staging);
    const auto top = source->manifest();
    std::vector<oci::Descriptor> out;
    const auto* index = std::get_if<oci::Index>(&top.parsed);
    if (!index) {
        out.push_back(remote_entry(*source, top, nullptr));
    } else if (!all) {
        const auto& entry = oci::choose_platform(*index, oci::host_platform());
        const auto child = source->manifest(entry);
        if (!std::holds_alternative<oci::Manifest>(child.parsed))
            throw Error("'{}': an index in an index", place.str());
        out.push_back(remote_entry(*source, child, &entry));
    } else {
        for (const auto& entry : index->manifests) {
            if (oci::is_manifest_type(entry.media_type)) out.push_back(entry);
        }
    }
    for (auto& entry : out) entry.annotations[kSource] = source_text(place, entry.digest);
    return out;
}

}  // namespace

std::optional<oci::Digest> list_id(const oci::Index& index) {
    return oci::Digest::from_hex(annotation(index, kId));
}
std::string list_created(const oci::Index& index) { return annotation(index, kCreated); }
std::string list_source(const oci::Descriptor& entry) { return annotation(entry, kSource); }

oci::Index new_list() {
    return {.media_type = std::string(oci::media_type::kIndex),
            .manifests = {},
            .annotations = {{kId, sys::random_hex(32)}, {kCreated, format_rfc3339(now())}}};
}

void apply(const EntryChanges& changes, oci::Descriptor& entry) {
    oci::Platform platform = entry.platform.value_or(oci::Platform{});
    const auto set = [](std::string& to, const std::string& from) {
        if (!from.empty()) to = from;
    };
    set(platform.architecture, changes.architecture);
    set(platform.os, changes.os);
    set(platform.variant, changes.variant);
    set(platform.os_version, changes.os_version);
    if (!changes.os_features.empty()) platform.os_features = changes.os_features;
    if (!changes.features.empty()) platform.features = changes.features;
    entry.platform = platform;
    for (const auto& [key, value] : changes.annotations) entry.annotations[key] = value;
}

std::vector<oci::Descriptor> find_entries(const ImageStore& store, const std::string& text, bool all,
                                          const registry::ClientOptions& options) {
    const auto place = Place::parse(text);
    const std::string name = place && place->stored ? *place->stored : text;
    if (!place || place->stored) {
        if (const auto found = store.find_any(name)) {
            if (found->list) return entries_of_list(store, name, *found, all);
            return {entry_for(store, *found)};
        }
        if (place) throw Error("{}: image not known", name);
    }
    if (place) return remote_entries(store, *place, all, options);
    const auto candidates = registry::RegistriesConf::load().resolve(text);
    for (const auto& candidate : candidates) {
        try {
            return remote_entries(store, Place::require("docker://" + candidate.str()), all, options);
        } catch (const Error&) {
            if (&candidate == &candidates.back()) throw;
        }
    }
    throw Error("internal error: '{}' means nothing", text);
}

void add_entries(oci::Index& index, const std::vector<oci::Descriptor>& entries) {
    for (const auto& entry : entries) {
        auto& all = index.manifests;
        const auto it = std::find_if(all.begin(), all.end(),
                                     [&](const oci::Descriptor& d) { return d.digest == entry.digest; });
        if (it == all.end()) {
            all.push_back(entry);
        } else {
            *it = entry;
        }
    }
}

oci::Descriptor& entry_of(oci::Index& index, const oci::Digest& digest) {
    for (auto& entry : index.manifests) {
        if (entry.digest == digest) return entry;
    }
    throw Error("no instance matching digest \"{}\" found in manifest list: file does not exist",
                digest.str());
}

namespace {

bool is_private(const std::string& key) { return key == kId || key == kCreated || key == kSource; }

void strip(std::map<std::string, std::string>& annotations) {
    std::erase_if(annotations, [](const auto& pair) { return is_private(pair.first); });
}

bool has_annotations(const oci::Index& index) {
    return !index.annotations.empty() ||
           std::any_of(index.manifests.begin(), index.manifests.end(),
                       [](const oci::Descriptor& d) { return !d.annotations.empty(); });
}

bool has_features(const oci::Index& index) {
    return std::any_of(index.manifests.begin(), index.manifests.end(),
                       [](const oci::Descriptor& d) { return d.platform && !d.platform->features.empty(); });
}

ListFormat preferred_format(const oci::Index& index) {
    if (has_annotations(index)) return ListFormat::oci;
    return has_features(index) || index.manifests.empty() ? ListFormat::docker : ListFormat::oci;
}

oci::Index stripped(oci::Index index) {
    strip(index.annotations);
    for (auto& entry : index.manifests) strip(entry.annotations);
    return index;
}

}  // namespace

ListFormat shown_format(const oci::Index& index) {
    return has_annotations(stripped(index)) ? ListFormat::oci : ListFormat::docker;
}

oci::Index public_list(const oci::Index& index, std::optional<ListFormat> format) {
    auto out = stripped(index);
    const auto chosen = format.value_or(preferred_format(out));
    out.media_type = chosen == ListFormat::oci ? oci::media_type::kIndex : oci::media_type::kDockerList;
    if (chosen == ListFormat::docker) out.annotations.clear();
    for (auto& entry : out.manifests) {
        if (chosen == ListFormat::docker) entry.annotations.clear();
        if (chosen == ListFormat::oci && entry.platform) entry.platform->features.clear();
    }
    return out;
}

}  // namespace rpod::image
