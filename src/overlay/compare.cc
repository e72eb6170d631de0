// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/compare.hh"

#include <sys/stat.h>

#include <iterator>

namespace rpod::overlay {
namespace {

class Comparison {
  public:
    Comparison(const Index& from, const Index& to, const std::function<bool(std::string_view)>& is_hidden)
        : from_(from), to_(to), is_hidden_(is_hidden) {}

    std::vector<Change> run() {
        compare_content(from_.node(kRootIno), to_.node(kRootIno), "");
        return std::move(changes_);
    }

  private:
    /// Walks two sorted lists at once. What is no directory has nothing in it.
    void compare_content(const Node& before, const Node& after, const std::string& path) {
        const auto old_entries = from_.entries(before);
        const auto new_entries = to_.entries(after);
        auto old_entry = old_entries.begin();
        auto new_entry = new_entries.begin();
        while (old_entry != old_entries.end() || new_entry != new_entries.end()) {
            const int order = old_entry == old_entries.end() ? 1
                              : new_entry == new_entries.end()
                                  ? -1
                                  : from_.name(*old_entry).compare(to_.name(*new_entry));
            if (order < 0) {
                tell(Change::Kind::deleted, child(path, from_.name(*old_entry++)));
            } else if (order > 0) {
                const auto& entry = *new_entry++;
                tell_added(to_.node(Index::ino(entry)), child(path, to_.name(entry)));
            } else {
                compare_nodes(from_.node(Index::ino(*old_entry)), to_.node(Index::ino(*new_entry)),
                              child(path, to_.name(*new_entry)));
                ++old_entry;
                ++new_entry;
            }
        }
    }

    void compare_nodes(const Node& before, const Node& after, const std::string& path) {
        const size_t position = changes_.size();
        compare_content(before, after, path);
        if (changes_.size() == position && !differ(before, after)) return;
        if (is_hidden_(path)) return;
        changes_.insert(changes_.begin() + static_cast<std::ptrdiff_t>(position),
                        Change{.kind = Change::Kind::modified, .path = path});
    }

    bool differ(const Node& before, const Node& after) const {
        if (before.mode != after.mode || before.uid != after.uid || before.gid != after.gid) return true;
        if (from_.find_xattr(before, kCapability) != to_.find_xattr(after, kCapability)) return true;
        if (S_ISDIR(after.mode)) return false;
        return before.rdev != after.rdev || before.size != after.size || before.mtime_s != after.mtime_s ||
               from_.target(before) != to_.target(after);
    }

    void tell_added(const Node& node, const std::string& path) {
        tell(Change::Kind::added, path);
        for (const auto& entry : to_.entries(node))
            tell_added(to_.node(Index::ino(entry)), child(path, to_.name(entry)));
    }

    void tell(Change::Kind kind, std::string path) {
        if (!is_hidden_(path)) changes_.push_back(Change{.kind = kind, .path = std::move(path)});
    }

    static std::string child(const std::string& path, std::string_view name) {
        return path + "/" + std::string(name);
    }

    static constexpr std::string_view kCapability = "security.capability";

    const Index& from_;
    const Index& to_;
    const std::function<bool(std::string_view)>& is_hidden_;
    std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> compare(const Index& from, const Index& to,
                            const std::function<bool(std::string_view path)>& is_hidden) {
    return Comparison(from, to, is_hidden).run();
}

}  // namespace rpod::overlay
