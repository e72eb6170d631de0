// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/index_builder.hh"

#include <string_view>

#include "base/error.hh"
#include "base/strings.hh"
#include "overlay/index_format.hh"
#include "overlay/index_writer.hh"
#include "overlay/whiteout.hh"

namespace rpod::overlay {
namespace {

constexpr size_t kMaxPath = 4096;  // PATH_MAX: what no tool could unpack
constexpr uint32_t kMaxMajor = 0xfff;
constexpr uint32_t kMaxMinor = 0xfffff;

[[noreturn]] void refuse(const LayerEntry& entry, const char* why) {
    throw Error("'{}': {}", printable(std::string_view(entry.path).substr(0, kMaxPath)), why);
}

void check_path(const LayerEntry& entry, std::string_view path) {
    if (path.size() > kMaxPath) refuse(entry, "path too long");
    if (path.find('\0') != path.npos) refuse(entry, "a NUL in its path");
    if (path.empty()) return;
    for (const auto part : split(path, '/')) {
        if (part.empty() || part == "." || part == "..") refuse(entry, "its path is not canonical");
        if (part.size() > kMaxName) refuse(entry, "name too long");
    }
}

void check_content(const LayerEntry& entry, uint64_t blob_size) {
    if (entry.size > INT64_MAX) refuse(entry, "impossible size");
    uint64_t covered = 0;
    for (const Extent& e : entry.extents) {
        const bool in_file =
            e.file_offset >= covered && e.file_offset <= entry.size && e.length <= entry.size - e.file_offset;
        const bool in_blob = e.blob_offset <= blob_size && e.length <= blob_size - e.blob_offset;
        if (!in_file || !in_blob) refuse(entry, "its content lies outside the layer");
        covered = e.file_offset + e.length;
    }
}

void check_entry(const LayerEntry& entry, uint64_t blob_size) {
    check_path(entry, entry.path);
    if (entry.mtime_ns >= 1'000'000'000) refuse(entry, "impossible time");
    switch (entry.type) {
        case EntryType::regular:
            check_content(entry, blob_size);
            break;
        case EntryType::symlink:
            if (entry.target.empty()) refuse(entry, "a symbolic link to nothing");
            if (entry.target.size() > kMaxLinkTarget) refuse(entry, "the target of the link is too long");
            if (entry.target.find('\0') != entry.target.npos)
                refuse(entry, "a NUL in the target of the link");
            break;
        case EntryType::hardlink:
            if (entry.target.empty()) refuse(entry, "a hard link to the root directory");
            check_path(entry, entry.target);
            break;
        case EntryType::char_device:
        case EntryType::block_device:
            if (entry.dev_major > kMaxMajor || entry.dev_minor > kMaxMinor)
                refuse(entry, "impossible device number");
            break;
        case EntryType::directory:
        case EntryType::fifo:
            break;
    }
}

std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
    const size_t slash = path.rfind('/');
    if (slash == path.npos) return {{}, path};
    return {path.substr(0, slash), path.substr(slash + 1)};
}

void apply_whiteout(Tree& tree, const LayerEntry& entry, const Member& member) {
    const auto dir = tree.find_dir(member.directory, entry, Tree::Missing::none);
    if (!dir) return;
    if (member.kind == MemberKind::opaque) {
        tree.clear(*dir);
    } else {
        tree.unlink(*dir, member.name);
    }
}

uint32_t hard_link_target(Tree& tree, const LayerEntry& entry) {
    const auto [directory, name] = split_last(entry.target);
    const auto dir = tree.find_dir(directory, entry, Tree::Missing::none);
    const auto found = dir ? tree.child(*dir, name) : std::nullopt;
    if (!found) {
        throw Error("'{}': a hard link to '{}', which does not exist", printable(entry.path),
                    printable(entry.target));
    }
    if (tree.inode(*found).type == EntryType::directory) refuse(entry, "a hard link to a directory");
    return *found;
}

void apply_directory(Tree& tree, const LayerEntry& entry, uint32_t parent, std::string_view name) {
    const auto existing = tree.child(parent, name);
    if (existing && tree.inode(*existing).type == EntryType::directory) {
        tree.set_attributes(*existing, entry);
    } else {
        tree.link(parent, name, tree.make_dir(entry, parent));
    }
}

void apply_plain(Tree& tree, const LayerEntry& entry, const Member& member) {
    if (member.name.empty()) {
        if (entry.type != EntryType::directory) throw Error("a member in place of the root directory");
        tree.set_attributes(0, entry);
        return;
    }
    const uint32_t parent = *tree.find_dir(member.directory, entry, Tree::Missing::make);
    if (entry.type == EntryType::directory) {
        apply_directory(tree, entry, parent, member.name);
    } else if (entry.type == EntryType::hardlink) {
        tree.link(parent, member.name, hard_link_target(tree, entry));
    } else if (entry.type == EntryType::char_device && entry.dev_major == 0 && entry.dev_minor == 0) {
        tree.unlink(parent, member.name);
    } else {
        tree.link(parent, member.name, tree.make_inode(entry));
    }
}

}  // namespace

void IndexBuilder::add_layer(const LayerScan& scan) {
    if (scan.blob_size > INT64_MAX) throw Error("impossible size of a layer");
    std::vector<Member> members;
    members.reserve(scan.entries.size());
    for (const LayerEntry& entry : scan.entries) {
        check_entry(entry, scan.blob_size);
        members.push_back(classify_member(entry));
        const auto kind = members.back().kind;
        if (kind == MemberKind::whiteout || kind == MemberKind::opaque)
            apply_whiteout(tree_, entry, members.back());
    }
    for (size_t i = 0; i < members.size(); ++i) {
        if (members[i].kind == MemberKind::plain) apply_plain(tree_, scan.entries[i], members[i]);
    }
    blob_sizes_.push_back(scan.blob_size);
    tree_.next_layer();
}

std::string IndexBuilder::finish() const { return write_index(tree_, blob_sizes_); }

}  // namespace rpod::overlay
