// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "cli/image_users.hh"

#include "base/error.hh"
#include "store/record.hh"
#include "sys/file.hh"

namespace rpod::cli {

std::map<oci::Digest, std::vector<std::string>> image_users(const store::Paths& paths) {
    constexpr store::RecordKind config{.file = "config.json", .version = 1};
    std::map<oci::Digest, std::vector<std::string>> users;
    const auto containers = sys::find_at(AT_FDCWD, paths.containers(), O_RDONLY | O_DIRECTORY);
    if (!containers) return users;
    for (const auto& id : sys::list_dir(containers->get())) {
        // containers/ also holds directories of other things (names, marks), but none with such a name.
        if (!oci::Digest::from_hex(id)) continue;
        const auto dir = sys::find_at(containers->get(), id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (!dir) continue;
        const auto record = store::find_record(dir->get(), config, "container " + id);
        if (!record) continue;
        const std::string text = record->string_or("image_id");
        // With or without "sha256:" in front.
        auto image = oci::Digest::try_parse(text);
        if (!image) image = oci::Digest::from_hex(text);
        if (image) users[*image].push_back(id);
    }
    return users;
}

}  // namespace rpod::cli
