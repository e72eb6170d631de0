// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "userns/id_map.hh"

#include <algorithm>
#include <sstream>

#include "base/error.hh"

namespace rpod::userns {
namespace {

/// (uint32_t)-1 means "no ID" to the kernel.
constexpr uint64_t kIdLimit = 0xffffffff;
/// UID_GID_MAP_MAX_EXTENTS of the kernel.
constexpr size_t kMaxExtents = 340;

void require_disjoint(std::vector<IdExtent> extents, uint32_t IdExtent::*side) {
    std::sort(extents.begin(), extents.end(),
              [&](const auto& a, const auto& b) { return a.*side < b.*side; });
    for (size_t i = 1; i < extents.size(); ++i) {
        const auto& before = extents[i - 1];
        if (uint64_t{before.*side} + before.size > extents[i].*side) {
            throw Error("ID map: ID {} is mapped twice", extents[i].*side);
        }
    }
}

}  // namespace

const char* name(IdKind kind) { return kind == IdKind::uid ? "uid" : "gid"; }

IdMap::IdMap(std::vector<IdExtent> extents) : extents_(std::move(extents)) {
    if (extents_.size() > kMaxExtents) {
        throw Error("ID map: {} extents are more than the {} that the kernel takes", extents_.size(),
                    kMaxExtents);
    }
    for (const auto& e : extents_) {
        if (e.size == 0) throw Error("ID map: the extent at {} is empty", e.inside);
        if (uint64_t{e.inside} + e.size > kIdLimit || uint64_t{e.outside} + e.size > kIdLimit) {
            throw Error("ID map: {}:{}:{} runs past the largest ID", e.inside, e.outside, e.size);
        }
    }
    require_disjoint(extents_, &IdExtent::inside);
    require_disjoint(extents_, &IdExtent::outside);
    std::sort(extents_.begin(), extents_.end(),
              [](const auto& a, const auto& b) { return a.inside < b.inside; });
}

uint64_t IdMap::count() const {
    uint64_t n = 0;
    for (const auto& e : extents_) n += e.size;
    return n;
}

std::optional<uint32_t> IdMap::to_outside(uint32_t inside) const {
    for (const auto& e : extents_) {
        if (inside >= e.inside && inside - e.inside < e.size) return e.outside + (inside - e.inside);
    }
    return std::nullopt;
}

std::optional<uint32_t> IdMap::to_inside(uint32_t outside) const {
    for (const auto& e : extents_) {
        if (outside >= e.outside && outside - e.outside < e.size) return e.inside + (outside - e.outside);
    }
    return std::nullopt;
}

std::string IdMap::to_proc() const {
    std::string out;
    for (const auto& e : extents_) out += fmt::format("{} {} {}\n", e.inside, e.outside, e.size);
    return out;
}

IdMap IdMap::from_proc(std::string_view text) {
    std::istringstream in{std::string(text)};
    std::vector<IdExtent> extents;
    for (IdExtent e; in >> e.inside >> e.outside >> e.size;) {
        // The initial namespace maps 4294967295 IDs, one more than an extent of ours may have.
        e.size = std::min<uint32_t>(e.size, static_cast<uint32_t>(kIdLimit) - 1);
        extents.push_back(e);
    }
    if (!in.eof()) throw Error("ID map: cannot read '{}'", text);
    return IdMap(std::move(extents));
}

IdMap IdMap::fitted_to(const IdMap& parent, IdKind kind) const {
    std::vector<IdExtent> cut;
    for (IdExtent rest : extents_) {
        while (rest.size > 0) {
            const auto above =
                std::find_if(parent.extents_.begin(), parent.extents_.end(), [&](const IdExtent& p) {
                    return rest.outside >= p.inside && rest.outside - p.inside < p.size;
                });
            if (above == parent.extents_.end()) {
                throw Error("map container {} {}: {} {} is not among the {} that the user may use",
                            name(kind), rest.inside, name(kind), rest.outside, parent.count());
            }
            const uint32_t room = above->size - (rest.outside - above->inside);
            const uint32_t n = std::min(room, rest.size);
            cut.push_back({.inside = rest.inside, .outside = rest.outside, .size = n});
            rest = {.inside = rest.inside + n, .outside = rest.outside + n, .size = rest.size - n};
        }
    }
    return IdMap(std::move(cut));
}

}  // namespace rpod::userns
