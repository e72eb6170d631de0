// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/names.hh"

#include <limits.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::store {
namespace {

constexpr size_t kMaxName = 253;

constexpr std::array<std::string_view, 64> kAdjectives{
    "agile",  "amber",  "ample",  "arctic", "azure",   "bold",   "brave",  "breezy", "bright", "brisk",
    "calm",   "candid", "clever", "copper", "cosmic",  "crisp",  "dapper", "daring", "deft",   "eager",
    "early",  "fleet",  "frank",  "fresh",  "gentle",  "gifted", "golden", "happy",  "hardy",  "honest",
    "humble", "jolly",  "keen",   "kind",   "lively",  "loyal",  "lucid",  "lunar",  "mellow", "merry",
    "mighty", "modest", "nimble", "noble",  "patient", "placid", "polite", "proud",  "quick",  "quiet",
    "rapid",  "ready",  "rosy",   "royal",  "shiny",   "silent", "smooth", "solar",  "steady", "sunny",
    "swift",  "tidy",   "vivid",  "warm"};
constexpr std::array<std::string_view, 64> kNouns{
    "acorn",   "anchor", "aspen",  "badger", "basalt", "beacon",  "birch",   "bison",   "breeze", "brook",
    "canyon",  "cedar",  "cliff",  "clover", "comet",  "coral",   "crane",   "delta",   "dune",   "falcon",
    "fern",    "finch",  "fjord",  "forest", "garnet", "glacier", "grove",   "harbor",  "hazel",  "heron",
    "island",  "jasper", "kelp",   "lagoon", "lark",   "lichen",  "lynx",    "maple",   "marlin", "meadow",
    "mesa",    "moss",   "nebula", "oak",    "ocelot", "orchid",  "otter",   "pebble",  "pine",   "plover",
    "quartz",  "raven",  "reef",   "ridge",  "river",  "robin",   "sequoia", "sparrow", "spruce", "summit",
    "thistle", "tundra", "walnut", "willow"};

bool is_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_valid_name(std::string_view name) {
    return !name.empty() && name.size() <= kMaxName && is_alnum(name.front()) &&
           std::all_of(name.begin(), name.end(),
                       [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

void require_valid_name(std::string_view name) {
    if (is_valid_name(name)) return;
    throw Error("names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: '{}': invalid argument",
                printable(name.substr(0, 300)));
}

bool Names::claim(const std::string& name, const std::string& id) const {
    require_valid_name(name);
    sys::make_dirs(dir_);
    const auto path = dir_ / name;
    if (::symlink(id.c_str(), path.c_str()) == 0) return true;
    if (errno == EEXIST) return false;
    throw SysError(errno, "claim the name '{}'", name);
}

std::optional<std::string> Names::owner(const std::string& name) const {
    if (!is_valid_name(name)) return std::nullopt;
    std::array<char, PATH_MAX> text;
    const ssize_t n = ::readlink((dir_ / name).c_str(), text.data(), text.size());
    if (n < 0 && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
    check(n, "read who has the name '{}'", name);
    return std::string(text.data(), static_cast<size_t>(n));
}

void Names::release(const std::string& name, const std::string& id) const {
    if (owner(name) != id) return;
    if (::unlink((dir_ / name).c_str()) < 0 && errno != ENOENT) {
        throw SysError(errno, "release the name '{}'", name);
    }
}

std::string random_pair_name() {
    std::array<uint8_t, 2> random;
    check(::getrandom(random.data(), random.size(), 0), "get random bytes");
    return fmt::format("{}_{}", kAdjectives[random[0] % kAdjectives.size()],
                       kNouns[random[1] % kNouns.size()]);
}

namespace {

Names names_of(const std::filesystem::path& records) { return Names(records / "names"); }

bool is_there(const std::filesystem::path& records, const std::string& id) {
    return sys::find_at(AT_FDCWD, records / id, O_PATH).has_value();
}

}  // namespace

std::vector<std::string> record_ids(const std::filesystem::path& records) {
    const auto fd = sys::find_at(AT_FDCWD, records, O_RDONLY | O_DIRECTORY);
    if (!fd) return {};
    auto names = sys::list_dir(fd->get());
    std::erase_if(names, [](const std::string& name) {
        return name.size() != 64 || name.find_first_not_of("0123456789abcdef") != name.npos;
    });
    return names;
}

std::optional<std::string> lookup_record(const std::filesystem::path& records, std::string_view kind,
                                         const std::string& name_or_id) {
    const auto ids = record_ids(records);
    const auto owner = names_of(records).owner(name_or_id);
    if (owner && std::find(ids.begin(), ids.end(), *owner) != ids.end()) return owner;
    const auto match = match_prefix(ids, name_or_id);
    if (match.ambiguous)
        throw Error("more than one {} has an ID that begins with \"{}\"", kind, printable(name_or_id));
    return match.id;
}

bool is_name_taken(const std::filesystem::path& records, const std::string& name) {
    const auto owner = names_of(records).owner(name);
    return owner && is_there(records, *owner);
}

bool claim_record_name(const std::filesystem::path& records, const std::string& name, const std::string& id) {
    const auto names = names_of(records);
    if (names.claim(name, id)) return true;
    const auto owner = names.owner(name);
    if (!owner || is_there(records, *owner)) return false;
    names.release(name, *owner);
    return names.claim(name, id);
}

std::string claim_random_name(const std::filesystem::path& records, const std::filesystem::path& others,
                              const std::string& id) {
    for (int tries = 0; tries < 100; ++tries) {
        const auto name = random_pair_name();
        if (!is_name_taken(others, name) && names_of(records).claim(name, id)) return name;
    }
    // 4096 names are all taken: the ID is one, too.
    const auto name = id.substr(0, 12);
    if (!claim_record_name(records, name, id)) throw Error("find a name for {}: none is left", id);
    return name;
}

PrefixMatch match_prefix(const std::vector<std::string>& ids, std::string_view prefix) {
    PrefixMatch match;
    if (prefix.empty()) return match;
    for (const auto& id : ids) {
        if (id == prefix) return {.id = id};
        if (!id.starts_with(prefix) || match.id == id) continue;
        match.ambiguous = match.id.has_value();
        if (match.ambiguous) break;
        match.id = id;
    }
    if (match.ambiguous) {
        // A full ID further on still wins.
        if (std::find(ids.begin(), ids.end(), prefix) != ids.end()) return {.id = std::string(prefix)};
        match.id.reset();
    }
    return match;
}

}  // namespace rpod::store
