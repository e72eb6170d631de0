// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// An archive that comes once, front to back, its members in any order: docker writes manifest.json last. What
// looks like a layer is staged as it comes by, the rest is small and kept in memory until somebody asks for
// it.
#include <cstring>
#include <map>

#include "base/error.hh"
#include "base/strings.hh"
#include "image/compress.hh"
#include "image/image_files.hh"
#include "image/tar_reader.hh"

namespace rpod::image {
namespace {

constexpr size_t kMaxDocuments = 64 << 20;  ///< bytes of all documents together
constexpr size_t kMaxMembers = 1 << 20;
constexpr int kMaxLinks = 16;
constexpr std::string_view kBlobs = "blobs/sha256/";

bool looks_like_layer(std::string_view start) {
    if (detect_compression(start) != Compression::none) return true;
    if (start.size() < kTarBlock) return false;
    TarHeader::Block block{};
    std::memcpy(block.data(), start.data(), block.size());
    return TarHeader::is_zero(block) || TarHeader::has_valid_checksum(block);
}

class StreamArchive : public ImageFiles {
  public:
    StreamArchive(ByteSource& source, std::string what, Staging& staging)
        : what_(std::move(what)), staging_(staging) {
        TarReader reader(source);
        size_t members = 0;
        while (auto entry = reader.next()) {
            if (++members > kMaxMembers) throw Error("more than {} members", kMaxMembers);
            add(*entry, reader);
        }
        // A producer that writes on after the end must not be killed by SIGPIPE.
        reader.finish();
    }

    std::optional<std::string> find_document(const std::string& name, size_t max_bytes) override {
        const std::string member = follow(name);
        const auto it = documents_.find(member);
        if (it == documents_.end()) return std::nullopt;
        if (it->second.size() > max_bytes) {
            throw Error("'{}' in {} has {} bytes, more than the {} allowed", printable(name), what_,
                        it->second.size(), max_bytes);
        }
        return it->second;
    }

    StagedLayer stage_layer(const std::string& name, const LayerExpectation& expected) override {
        const std::string member = follow(name);
        if (const auto it = documents_.find(member); it != documents_.end()) {
            MemorySource source(it->second);
            return staging_.add_layer(source, expected);
        }
        const auto it = layers_.find(member);
        if (it == layers_.end()) throw Error("{} has no member '{}'", what_, printable(name));
        verify(it->second, expected);
        return it->second;
    }

    bool random_access() const override { return false; }

  private:
    void add(const overlay::LayerEntry& entry, TarReader& reader) {
        if (entry.type == overlay::EntryType::symlink) {
            links_[entry.path] = resolve_member_link(entry.path, entry.target);
        } else if (entry.type == overlay::EntryType::hardlink) {
            links_[entry.path] = entry.target;
        } else if (entry.type == overlay::EntryType::regular) {
            add_file(entry, reader);
        }
    }

    void add_file(const overlay::LayerEntry& entry, TarReader& reader) {
        TarMemberSource content(reader);
        PeekSource member(content, kTarBlock);
        links_.erase(entry.path);
        if (looks_like_layer(member.start())) {
            LayerExpectation expected;
            if (entry.path.starts_with(kBlobs)) {
                expected.digest = oci::Digest::from_hex(std::string_view(entry.path).substr(kBlobs.size()));
            }
            const auto layer = in_context([&] { return staging_.add_layer(member, expected); }, "member '{}'",
                                          printable(entry.path));
            layers_.insert_or_assign(entry.path, layer);
            return;
        }
        if (entry.size > kMaxDocuments - documents_size_)
            return;  // a README of 64 MiB is none of an image's files
        std::string text(entry.size, '\0');
        text.resize(read_fully(member, text));
        documents_size_ += text.size();
        documents_.insert_or_assign(entry.path, std::move(text));
    }

    std::string follow(const std::string& name) const {
        std::string at = clean_member_path(name);
        for (int links = 0; links < kMaxLinks; ++links) {
            const auto it = links_.find(at);
            if (it == links_.end()) return at;
            at = it->second;
        }
        throw Error("'{}' in {} is a link that leads to itself", printable(name), what_);
    }

    /// What could not be checked when the layer came by, since the documents came later.
    void verify(const StagedLayer& layer, const LayerExpectation& expected) const {
        if (expected.diff_id && *expected.diff_id != layer.diff_id) {
            throw Error("the diff ID of the layer is {} and should be {}", layer.diff_id.str(),
                        expected.diff_id->str());
        }
        if (expected.size && *expected.size != layer.source_size) {
            throw Error("the layer has {} bytes instead of the {} that were announced", layer.source_size,
                        *expected.size);
        }
        if (expected.digest && layer.source_digest != expected.digest) {
            throw Error("the digest of the layer is {} and should be {}",
                        layer.source_digest ? layer.source_digest->str() : "unknown", expected.digest->str());
        }
    }

    std::string what_;
    Staging& staging_;
    std::map<std::string, StagedLayer> layers_;
    std::map<std::string, std::string> documents_;
    std::map<std::string, std::string> links_;
    size_t documents_size_ = 0;
};

}  // namespace

std::unique_ptr<ImageFiles> read_stream_archive(ByteSource& source, const std::string& what,
                                                Staging& staging) {
    return std::make_unique<StreamArchive>(source, what, staging);
}

}  // namespace rpod::image
