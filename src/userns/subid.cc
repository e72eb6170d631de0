// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/subid.hh"

#include <dlfcn.h>

#include <cstdlib>
#include <memory>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::userns {

std::vector<SubRange> parse_subid(std::string_view text, std::string_view owner_name, uid_t owner_uid) {
    std::vector<SubRange> ranges;
    for (const auto line : split(text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() != 3) continue;
        const bool by_name = !owner_name.empty() && fields[0] == owner_name;
        if (!by_name && parse_uint(fields[0]) != owner_uid) continue;
        const auto start = parse_uint(fields[1], UINT32_MAX);
        const auto count = parse_uint(fields[2], UINT32_MAX);
        if (!start || !count || *count == 0) continue;
        ranges.push_back({.start = static_cast<uint32_t>(*start), .count = static_cast<uint32_t>(*count)});
    }
    return ranges;
}

namespace {

std::string subid_file(IdKind kind) { return fmt::format("/etc/sub{}", name(kind)); }

/// True where nsswitch.conf sends subid look-ups elsewhere than to the files (nsswitch.conf(5), "subid").
bool nss_has_other_source() {
    const auto text = sys::find_file("/etc/nsswitch.conf");
    if (!text) return false;
    for (const auto line : split(*text, '\n')) {
        if (!line.starts_with("subid:")) continue;
        const auto sources = trim(line.substr(6));
        return !sources.empty() && sources != "files";
    }
    return false;
}

/// struct subid_range of <shadow/subid.h>.
struct LibsubidRange {
    unsigned long start;
    unsigned long count;
};

/// Asks libsubid (LDAP, SSSD). It is loaded here, not linked: few machines need it, and it pulls in half of
/// PAM.
std::vector<SubRange> ranges_from_nss(IdKind kind, const std::string& owner) {
    const std::unique_ptr<void, int (*)(void*)> library(
        [] {
            void* v5 = ::dlopen("libsubid.so.5", RTLD_NOW | RTLD_LOCAL);
            return v5 ? v5 : ::dlopen("libsubid.so.4", RTLD_NOW | RTLD_LOCAL);
        }(),
        ::dlclose);
    if (!library) {
        throw Error(
            "look up the subordinate IDs of '{}': nsswitch.conf names a source other than files, and "
            "libsubid "
            "cannot be loaded",
            owner)
            .with_hint("install the package libsubid4, or set 'subid: files' in /etc/nsswitch.conf");
    }
    using Lookup = int(const char*, LibsubidRange**);
    const char* symbol = kind == IdKind::uid ? "subid_get_uid_ranges" : "subid_get_gid_ranges";
    auto* lookup = reinterpret_cast<Lookup*>(::dlsym(library.get(), symbol));
    if (!lookup) throw Error("look up the subordinate IDs of '{}': libsubid has no {}", owner, symbol);
    LibsubidRange* found = nullptr;
    const int n = lookup(owner.c_str(), &found);
    const std::unique_ptr<LibsubidRange, void (*)(void*)> owned(found, std::free);
    std::vector<SubRange> ranges;
    for (int i = 0; i < n; ++i) {
        if (found[i].count == 0 || found[i].start > UINT32_MAX || found[i].count > UINT32_MAX) continue;
        ranges.push_back(
            {.start = static_cast<uint32_t>(found[i].start), .count = static_cast<uint32_t>(found[i].count)});
    }
    return ranges;
}

}  // namespace

std::vector<SubRange> find_subids(IdKind kind, const std::string& owner_name, uid_t owner_uid) {
    if (!owner_name.empty() && nss_has_other_source()) return ranges_from_nss(kind, owner_name);
    const auto text = sys::find_file(subid_file(kind));
    return text ? parse_subid(*text, owner_name, owner_uid) : std::vector<SubRange>{};
}

IdMap session_map(IdKind kind, uint32_t own_id, const std::vector<SubRange>& ranges) {
    std::vector<IdExtent> extents{{.inside = 0, .outside = own_id, .size = 1}};
    uint64_t next = 1;
    for (const auto& r : ranges) {
        if (next + r.count >= UINT32_MAX) break;
        if (own_id >= r.start && own_id - r.start < r.count) {
            throw Error(
                "map the subordinate IDs: the range {}:{} in '{}' contains the {} {} of the user itself",
                r.start, r.count, subid_file(kind), name(kind), own_id)
                .with_hint(
                    fmt::format("choose a range in '{}' that holds no other user's ID", subid_file(kind)));
        }
        extents.push_back({.inside = static_cast<uint32_t>(next), .outside = r.start, .size = r.count});
        next += r.count;
    }
    try {
        return IdMap(std::move(extents));
    } catch (const Error& e) {
        throw Error("map the subordinate IDs of '{}': {}", subid_file(kind), e.what())
            .with_hint(fmt::format("remove the overlapping range from '{}'", subid_file(kind)));
    }
}

}  // namespace rpod::userns
