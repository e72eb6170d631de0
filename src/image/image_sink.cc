// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/image_sink.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "base/error.hh"
#include "image/tar_writer.hh"
#include "sys/append_content.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

/// The directories above a file, outermost first.
std::vector<std::string> parents_of(const std::string& name) {
    std::vector<std::string> out;
    for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
        out.push_back(name.substr(0, slash));
    return out;
}

void copy(int from, int to, uint64_t size, const std::string& what) {
    if (const int e = sys::append_content(from, to, size)) throw SysError(e, "write {}", what);
}

class ArchiveSink : public ImageSink {
  public:
    ArchiveSink(int fd, std::string what)
        : fd_(fd),
          what_(std::move(what)),
          writer_([this](std::string_view bytes) { sys::write_all(fd_, bytes, what_); }) {}

    void add_document(const std::string& name, std::string_view text) override {
        add_parents(name);
        MemorySource source(text);
        writer_.add(member(name, text.size()), &source);
    }

    void add_file(const std::string& name, int fd, uint64_t size) override {
        add_parents(name);
        writer_.add_copied(member(name, size), [&] { copy(fd, fd_, size, what_); });
    }

    void add_bytes(const std::string& name, ByteSource& source, uint64_t size) override {
        add_parents(name);
        writer_.add(member(name, size), &source);
    }

    void finish() override { writer_.finish(); }

  private:
    /// skopeo gives directories that are not members to root, which only root can do.
    void add_parents(const std::string& name) {
        for (const auto& parent : parents_of(name)) {
            if (!directories_.insert(parent).second) continue;
            overlay::LayerEntry entry;
            entry.path = parent;
            entry.type = overlay::EntryType::directory;
            entry.mode = 0755;
            writer_.add(entry);
        }
    }

    static overlay::LayerEntry member(const std::string& name, uint64_t size) {
        overlay::LayerEntry entry;
        entry.path = name;
        entry.mode = 0644;
        entry.size = size;
        return entry;
    }

    int fd_;
    std::string what_;
    TarWriter writer_;
    std::set<std::string> directories_;
};

class DirectorySink : public ImageSink {
  public:
    explicit DirectorySink(int dir) : dir_(dir) {}

    void add_document(const std::string& name, std::string_view text) override {
        sys::write_all(create(name).get(), text, quoted(name));
    }

    void add_file(const std::string& name, int fd, uint64_t size) override {
        copy(fd, create(name).get(), size, quoted(name));
    }

    void add_bytes(const std::string& name, ByteSource& source, uint64_t size) override {
        const sys::Fd file = create(name);
        std::vector<char> buffer(256 << 10);
        while (size > 0) {
            const size_t n = source.read(std::span(buffer).first(std::min<uint64_t>(size, buffer.size())));
            if (n == 0) throw Error("{} has become shorter", quoted(name));
            sys::write_all(file.get(), {buffer.data(), n}, quoted(name));
            size -= n;
        }
    }

    void finish() override {}

  private:
    static std::string quoted(const std::string& name) { return fmt::format("'{}'", name); }

    sys::Fd create(const std::string& name) const {
        for (const auto& parent : parents_of(name)) {
            if (::mkdirat(dir_, parent.c_str(), 0777) < 0 && errno != EEXIST)
                throw SysError(errno, "create directory '{}'", parent);
        }
        return sys::open_at(dir_, name, O_WRONLY | O_CREAT | O_EXCL, 0666);
    }

    int dir_;
};

}  // namespace

std::unique_ptr<ImageSink> open_archive_sink(int fd, std::string what) {
    return std::make_unique<ArchiveSink>(fd, std::move(what));
}

std::unique_ptr<ImageSink> open_directory_sink(int dir) { return std::make_unique<DirectorySink>(dir); }

}  // namespace rpod::image
