// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/complete_names.hh"

#include <array>

#include "base/strings.hh"
#include "cli/images.hh"
#include "cli/stores.hh"
#include "container/create.hh"
#include "container/find.hh"
#include "container/secret_store.hh"
#include "container/volume_store.hh"
#include "sys/file.hh"

namespace rpod::cli {
namespace {

void add(Completion& out, const std::string& candidate, const std::string& word) {
    // What an image is called is somebody else's choice; a candidate is one word of one line.
    if (candidate.starts_with(word) && printable(candidate) == candidate)
        out.candidates.push_back({.word = candidate, .description = {}});
}

/// Where no name begins so it may be an ID.
void add_ids(Completion& out, size_t before, const std::vector<std::string>& ids, const std::string& word) {
    if (out.candidates.size() != before || word.empty()) return;
    for (const auto& id : ids) add(out, id.substr(0, std::max<size_t>(12, word.size())), word);
}

/// @param records  the directory of containers or pods
void add_records(Completion& out, const std::filesystem::path& records, const std::string& word) {
    const auto before = out.candidates.size();
    const auto names = sys::find_at(AT_FDCWD, records / "names", O_RDONLY | O_DIRECTORY);
    if (!names) return;
    for (const auto& name : sys::list_dir(names->get())) add(out, name, word);
    add_ids(out, before, store::record_ids(records), word);
}

void add_images(Completion& out, const Context& ctx, const std::string& word) {
    const auto before = out.candidates.size();
    std::vector<std::string> ids;
    constexpr std::array<std::string_view, 2> kImplied{"localhost/", "docker.io/library/"};
    for (const auto& image : open_images(ctx).list()) {
        ids.push_back(image.id.hex());
        for (const auto& reference : image.names) {
            const auto name = reference.str();
            add(out, name, word);
            // As it is mostly typed.
            for (const auto prefix : kImplied) {
                if (!word.empty() && name.starts_with(prefix)) add(out, name.substr(prefix.size()), word);
            }
        }
    }
    add_ids(out, before, ids, word);
}

bool is_file(std::string_view placeholder) {
    for (const auto* kind : {"FILE", "DIR", "PATH", "SOURCE", "BUNDLE"}) {
        if (placeholder.find(kind) != placeholder.npos) return true;
    }
    return false;
}

}  // namespace

void add_names(Completion& out, std::string_view placeholder, const std::string& word, const Context& ctx) {
    const auto names = [&](std::string_view what) { return placeholder.find(what) != placeholder.npos; };
    out.files = out.files || is_file(placeholder);
    const auto paths = store::Paths::locate(ctx.global.root, ctx.global.runroot);
    if (!sys::find_at(AT_FDCWD, paths.version_file(), O_PATH)) return;
    if (names("CONTAINER")) add_records(out, paths.containers(), word);
    if (names("POD")) add_records(out, paths.pods(), word);
    if (names("IMAGE")) add_images(out, ctx, word);
    // The second is what -v mounts: a volume, or a directory.
    if (names("VOLUME") || names("[SOURCE:]DEST")) {
        for (const auto& volume : container::list_volumes(paths)) add(out, volume.name, word);
    }
    if (names("SECRET")) {
        for (const auto& secret : container::list_secrets(paths)) add(out, secret.name, word);
    }
}

}  // namespace rpod::cli
