// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/copy_receive.hh"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/parse_path.hh"
#include "image/byte_source.hh"
#include "image/tar_reader.hh"
#include "image/tree_unpack.hh"
#include "runtime/user_lookup.hh"

namespace rpod::container {
namespace {

using image::UnpackOptions;
using overlay::EntryType;
using overlay::LayerEntry;

constexpr int kMaxLinks = 40;

PathKind kind_of(const sys::RootedDir& root, const std::string& path) {
    const auto fd = root.find(path, O_PATH);
    if (!fd) return PathKind::absent;
    struct stat st {};
    check(::fstat(fd->get(), &st), "stat '{}'", printable(path));
    return S_ISDIR(st.st_mode) ? PathKind::directory : PathKind::file;
}

PathKind host_kind(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return PathKind::absent;
    return std::filesystem::is_directory(status) ? PathKind::directory : PathKind::file;
}

/// Where a link leads, as a path of its own: the file there is to be replaced, not the link.
std::string follow_link(const sys::RootedDir& root, std::string path) {
    for (int i = 0; i < kMaxLinks; ++i) {
        const auto fd = root.find(path, O_PATH | O_NOFOLLOW);
        std::string target(PATH_MAX, '\0');
        const ssize_t n = fd ? ::readlinkat(fd->get(), "", target.data(), target.size()) : -1;
        if (n < 0) return path;
        target.resize(static_cast<size_t>(n));
        path = clean_path(target.starts_with('/') ? target : parent_path(path) + "/" + target);
    }
    throw Error("'{}' leads through too many links", printable(path));
}

/// Renames what a sender sends: its one file or directory becomes `to`, below the root.
class Renamer {
  public:
    explicit Renamer(std::string to) : to_(std::move(to)) {}

    std::string operator()(const std::string& path) const {
        const std::string_view name = kSentName;
        if (path == name) return to_;
        if (!path.starts_with(name) || path[name.size()] != '/') throw Error("the archive is not cp's own");
        const auto rest = path.substr(name.size() + 1);
        return to_.empty() ? rest : to_ + "/" + rest;
    }

  private:
    std::string to_;
};

/// @param to  below the root; empty: the content goes into the root itself
void unpack(image::TarReader& reader, std::optional<LayerEntry> entry, const sys::RootedDir& root,
            const std::string& to, const UnpackOptions& options, bool keep_directory) {
    const Renamer rename(to);
    image::TarMemberSource content(reader);
    image::TreeUnpacker unpacker(root, options);
    bool first = true;
    for (; entry; entry = reader.next(), first = false) {
        entry->path = rename(entry->path);
        if (entry->type == EntryType::hardlink) entry->target = rename(entry->target);
        if (!(first && keep_directory)) unpacker.add(*entry, content);
    }
    unpacker.finish();
    reader.finish();
}

/// @throws Error for an archive without anything in it: a socket, or the sender failed
LayerEntry first_of(image::TarReader& reader, CopySource& source) {
    auto entry = reader.next();
    if (!entry) throw Error("there is nothing that can be copied: a socket?");
    source.directory = entry->type == EntryType::directory;
    return *std::move(entry);
}

UnpackOptions unpack_options(const sys::RootedDir& root, const ReceiveOptions& options) {
    UnpackOptions out{.ownership = UnpackOptions::Ownership::archive,
                      .replace_directories = options.overwrite};
    if (!options.give_to_user) return out;
    oci::User user;
    user.name = options.user;
    const auto found = runtime::resolve_user(user, root);
    out.ownership = UnpackOptions::Ownership::given;
    out.owner = {.uid = found.uid, .gid = found.gid};
    return out;
}

}  // namespace

void receive_in_container(const sys::RootedDir& root, const CopyPlace& to, const CopySource& described,
                          const ReceiveOptions& options, int in) {
    image::FdSource bytes(in, "the archive");
    image::TarReader reader(bytes);
    auto source = described;
    auto first = first_of(reader, source);
    auto path = clean_path("/" + to.path);
    const auto kind = kind_of(root, path);
    if (kind == PathKind::file && !source.directory) path = follow_link(root, path);
    const auto target =
        choose_target(to.path, path, kind, kind_of(root, parent_path(path)), source, to.where());
    const auto below = clean_path(target.directory + "/" + target.name).substr(1);
    unpack(reader, std::move(first), root, below, unpack_options(root, options), target.name.empty());
}

void receive_on_host(const CopyPlace& to, const CopySource& described, const ReceiveOptions& options,
                     int in) {
    image::FdSource bytes(in, "the archive");
    image::TarReader reader(bytes);
    auto source = described;
    auto first = first_of(reader, source);
    std::string path = clean_path(std::filesystem::absolute(to.path).native());
    const auto kind = host_kind(path);
    if (kind == PathKind::file && !source.directory) path = std::filesystem::canonical(path);
    const auto target = choose_target(to.path, path, kind, host_kind(parent_path(path)), source, to.where());
    // What comes from a container stays below this directory, whatever links come with it.
    const auto root = sys::RootedDir::open(target.directory);
    unpack(reader, std::move(first), root, target.name,
           {.ownership = UnpackOptions::Ownership::caller, .replace_directories = options.overwrite},
           target.name.empty());
}

void receive_archive(const sys::RootedDir& root, const CopyPlace& to, const ReceiveOptions& options, int in) {
    const auto path = clean_path("/" + to.path);
    const auto directory = root.find(path, O_PATH);
    if (!directory && to.path.ends_with('/')) throw_not_found(to.path, to.where());
    if (kind_of(root, path) != PathKind::directory)
        throw Error("destination must be a directory when copying from stdin");
    image::FdSource source(in, "standard input");
    image::unpack_archive(source, root, path.substr(1), unpack_options(root, options));
}

}  // namespace rpod::container
