// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/image_files.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "base/error.hh"
#include "base/strings.hh"
#include "image/compress.hh"
#include "image/tar_reader.hh"
#include "sys/file.hh"
#include "sys/rooted_dir.hh"

namespace rpod::image {
namespace {

constexpr size_t kMaxMembers = 1 << 20;
constexpr int kMaxLinks = 16;

/// A whole file with its descriptor.
class OwnedFile : public ByteSource {
  public:
    OwnedFile(sys::Fd fd, std::string what) : fd_(std::move(fd)), file_(fd_.get(), std::move(what)) {}
    size_t read(std::span<char> into) override { return file_.read(into); }
    uint64_t skip(uint64_t n) override { return file_.skip(n); }

  private:
    sys::Fd fd_;
    FileSource file_;
};

class DirectoryFiles : public ImageFiles {
  public:
    DirectoryFiles(const std::string& path, Staging& staging)
        : path_(path), dir_(sys::RootedDir::open(path)), staging_(staging) {}

    std::optional<std::string> find_document(const std::string& name, size_t max_bytes) override {
        return dir_.read_file(name, max_bytes);
    }

    StagedLayer stage_layer(const std::string& name, const LayerExpectation& expected) override {
        const auto fd = dir_.find(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        struct stat st {};
        if (!fd || ::fstat(fd->get(), &st) < 0 || !S_ISREG(st.st_mode)) {
            throw Error("'{}' has no file '{}'", printable(path_), printable(name));
        }
        FileSource source(fd->get(), fmt::format("'{}'", printable(name)));
        return staging_.add_layer(source, expected);
    }

    OpenFile open(const std::string& name) override {
        auto fd = dir_.find(name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
        struct stat st {};
        if (!fd || ::fstat(fd->get(), &st) < 0 || !S_ISREG(st.st_mode)) {
            throw Error("'{}' has no file '{}'", printable(path_), printable(name));
        }
        return {.bytes = std::make_unique<OwnedFile>(*std::move(fd), fmt::format("'{}'", printable(name))),
                .size = static_cast<uint64_t>(st.st_size)};
    }

    bool random_access() const override { return true; }

  private:
    std::string path_;
    sys::RootedDir dir_;
    Staging& staging_;
};

class SeekableArchive : public ImageFiles {
  public:
    SeekableArchive(int fd, std::string what, Staging& staging)
        : fd_(fd), what_(std::move(what)), staging_(staging) {
        FileSource file(fd_, what_);
        TarReader reader(file);
        while (auto entry = reader.next()) {
            if (members_.size() >= kMaxMembers) throw Error("more than {} members", kMaxMembers);
            add(*entry);
        }
    }

    std::optional<std::string> find_document(const std::string& name, size_t max_bytes) override {
        const Member* member = find(name);
        if (!member) return std::nullopt;
        if (member->size > max_bytes) {
            throw Error("'{}' in {} has {} bytes, more than the {} allowed", printable(name), what_,
                        member->size, max_bytes);
        }
        std::string text(member->size, '\0');
        FileSource source(fd_, what_, member->offset, member->size);
        text.resize(read_fully(source, text));
        return text;
    }

    StagedLayer stage_layer(const std::string& name, const LayerExpectation& expected) override {
        const Member* member = find(name);
        if (!member) throw Error("{} has no member '{}'", what_, printable(name));
        FileSource source(fd_, what_, member->offset, member->size);
        return staging_.add_layer(source, expected);
    }

    OpenFile open(const std::string& name) override {
        const Member* member = find(name);
        if (!member) throw Error("{} has no member '{}'", what_, printable(name));
        return {.bytes = std::make_unique<FileSource>(fd_, what_, member->offset, member->size),
                .size = member->size};
    }

    bool random_access() const override { return true; }

  private:
    struct Member {
        uint64_t offset = 0;
        uint64_t size = 0;
        std::string link;  ///< where it leads instead
        bool sparse = false;
    };

    void add(const overlay::LayerEntry& entry) {
        Member member;
        if (entry.type == overlay::EntryType::symlink) {
            member.link = resolve_member_link(entry.path, entry.target);
        } else if (entry.type == overlay::EntryType::hardlink) {
            member.link = entry.target;
        } else if (entry.type == overlay::EntryType::regular) {
            member.size = entry.size;
            if (!entry.extents.empty()) member.offset = entry.extents.front().blob_offset;
            member.sparse =
                entry.size > 0 && (entry.extents.size() != 1 || entry.extents.front().length != entry.size);
        } else {
            return;
        }
        members_.insert_or_assign(entry.path, std::move(member));
    }

    const Member* find(const std::string& name) const {
        std::string at = clean_member_path(name);
        for (int links = 0; links < kMaxLinks; ++links) {
            const auto it = members_.find(at);
            if (it == members_.end()) return nullptr;
            if (it->second.sparse) throw Error("'{}' in {} is a sparse file", printable(at), what_);
            if (it->second.link.empty()) return &it->second;
            at = it->second.link;
        }
        throw Error("'{}' in {} is a link that leads to itself", printable(name), what_);
    }

    int fd_;
    std::string what_;
    Staging& staging_;
    std::map<std::string, Member> members_;
};

bool is_regular_file(int fd) {
    struct stat st {};
    return ::fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && ::lseek(fd, 0, SEEK_CUR) == 0;
}

/// A descriptor and a decompressor over it, read through once.
std::unique_ptr<ImageFiles> read_stream(int fd, const std::string& what, Staging& staging) {
    FdSource file(fd, what);
    PeekSource start(file);
    if (start.start().empty()) throw Error("it is empty");
    const auto plain = open_decompressor(start, detect_compression(start.start()));
    return read_stream_archive(*plain, what, staging);
}

bool is_compressed(int fd) {
    FileSource file(fd, "the archive");
    return detect_compression(PeekSource(file).start()) != Compression::none;
}

}  // namespace

ImageFiles::OpenFile ImageFiles::open(const std::string& name) {
    throw Error("internal error: '{}' came in a stream", printable(name));
}

std::string ImageFiles::document(const std::string& name, size_t max_bytes) {
    auto text = find_document(name, max_bytes);
    if (!text) throw Error("'{}' is missing", printable(name));
    return *std::move(text);
}

std::unique_ptr<ImageFiles> open_image_directory(const std::string& path, Staging& staging) {
    return std::make_unique<DirectoryFiles>(path, staging);
}

std::unique_ptr<ImageFiles> open_seekable_archive(int fd, const std::string& what, Staging& staging) {
    return std::make_unique<SeekableArchive>(fd, what, staging);
}

std::unique_ptr<ImageFiles> open_image_archive(int fd, const std::string& what, Staging& staging) {
    if (is_regular_file(fd) && !is_compressed(fd)) return open_seekable_archive(fd, what, staging);
    return read_stream(fd, what, staging);
}

std::string resolve_member_link(const std::string& member, const std::string& target) {
    if (target.starts_with('/')) return clean_member_path(target);
    const size_t slash = member.rfind('/');
    return clean_member_path((slash == std::string::npos ? "" : member.substr(0, slash + 1)) + target);
}

}  // namespace rpod::image
