// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/copy_source.hh"

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "image/compress.hh"
#include "image/docker_source.hh"
#include "image/registry_pull.hh"
#include "image/sha256.hh"
#include "image/transfer.hh"
#include "registry/registries_conf.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

class ReaderSource : public ByteSource {
  public:
    explicit ReaderSource(std::unique_ptr<registry::BlobReader> reader) : reader_(std::move(reader)) {}
    size_t read(std::span<char> into) override { return reader_->read(into); }

  private:
    std::unique_ptr<registry::BlobReader> reader_;
};

class RegistrySource : public CopySource {
  public:
    RegistrySource(const oci::Reference& name, const registry::ClientOptions& options)
        : name_(name), client_(name.domain(), name.path(), options), top_(fetch(reference_of(name), {})) {}

    RawManifest manifest() override { return top_; }
    RawManifest manifest(const oci::Descriptor& entry) override {
        return fetch(entry.digest.str(), entry.media_type);
    }
    std::unique_ptr<ByteSource> open_blob(const oci::Descriptor& blob) override {
        return std::make_unique<ReaderSource>(client_.open_blob(blob.digest, blob.size));
    }
    std::optional<oci::Reference> repository() const override { return name_; }
    std::vector<std::string> tags() override { return client_.tags(); }

  private:
    RawManifest fetch(const std::string& reference, const std::string& declared) {
        auto document = fetch_manifest(client_, reference);
        // What an index says of its entry binds as much as what the server says.
        const std::string type = declared.empty() ? document.media_type : declared;
        return RawManifest::parse(std::move(document.bytes), type,
                                  fmt::format("manifest {} in {}", reference, client_.name()));
    }

    oci::Reference name_;
    registry::Client client_;
    RawManifest top_;
};

std::unique_ptr<CopySource> open_registry(const oci::Reference& name,
                                          const registry::ClientOptions& options) {
    const auto places = registry::RegistriesConf::load().places(name);
    for (const auto& place : places) {
        registry::ClientOptions there = options;
        if (!there.tls_verify && place.insecure) there.tls_verify = false;
        try {
            return std::make_unique<RegistrySource>(place.name, there);
        } catch (const Error& e) {
            if (&place == &places.back()) throw;
            log::warn("{}; trying the next place", e.what());
        }
    }
    throw Error("internal error: {} is nowhere", name.str());
}

/// An archive, or nothing for a directory, with its files.
struct OpenFiles {
    sys::Fd archive;
    std::unique_ptr<ImageFiles> files;
};

bool is_plain_archive(int fd) {
    struct stat st {};
    if (::fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return false;
    FileSource file(fd, "the archive");
    return detect_compression(PeekSource(file).start()) == Compression::none;
}

/// The archive decompressed, in a file without a name: its members are read where they are needed.
sys::Fd decompress(int fd, const std::string& what, int scratch) {
    FdSource file(fd, what);
    PeekSource start(file);
    const auto plain = open_decompressor(start, detect_compression(start.start()));
    const std::string name = sys::random_name();
    sys::Fd out = sys::open_at(scratch, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    ::unlinkat(scratch, name.c_str(), 0);
    std::vector<char> buffer(256 << 10);
    while (const size_t n = plain->read(buffer)) sys::write_all(out.get(), {buffer.data(), n}, what);
    return out;
}

OpenFiles open_files(const TransportName& from, Staging& staging) {
    if (from.transport == Transport::oci || from.transport == Transport::dir)
        return {.archive = {}, .files = open_image_directory(from.path, staging)};
    const std::string what = fmt::format("'{}'", from.path);
    sys::Fd archive = sys::open_file(from.path, O_RDONLY);
    if (!is_plain_archive(archive.get())) archive = decompress(archive.get(), what, staging.scratch());
    auto files = open_seekable_archive(archive.get(), what, staging);
    return {.archive = std::move(archive), .files = std::move(files)};
}

/// An OCI layout, or a directory as skopeo's dir: writes it.
class FilesSource : public CopySource {
  public:
    FilesSource(const TransportName& from, Staging& staging) : from_(from), open_(open_files(from, staging)) {
        if (from.transport == Transport::dir) return;
        names_.prefix = "blobs/sha256/";
        top_ = find_in_layout(files(), Selection{.name = from.name, .position = {}, .single = true});
    }

    RawManifest manifest() override {
        if (top_) return manifest(*top_);
        return RawManifest::parse(files().document("manifest.json", oci::kMaxManifestBytes), {},
                                  "manifest.json");
    }

    RawManifest manifest(const oci::Descriptor& entry) override {
        const std::string what = "manifest " + entry.digest.str();
        const std::string name = top_ ? names_.of(entry.digest) : entry.digest.hex() + ".manifest.json";
        auto text = files().find_document(name, oci::kMaxManifestBytes);
        if (!text) throw Error("{} is missing in '{}'", what, printable(from_.path));
        if (const auto found = sha256(*text); found != entry.digest)
            throw Error("{} has the digest {}", what, found.str());
        return RawManifest::parse(*std::move(text), entry.media_type, what);
    }

    std::unique_ptr<ByteSource> open_blob(const oci::Descriptor& blob) override {
        return files().open(names_.of(blob.digest)).bytes;
    }

  private:
    ImageFiles& files() { return *open_.files; }

    TransportName from_;
    OpenFiles open_;
    BlobNames names_{.prefix = {}};
    std::optional<oci::Descriptor> top_;
};

/// What docker save writes: it has no manifest of its own, so it gets one.
class DockerArchiveSource : public CopySource {
  public:
    DockerArchiveSource(const TransportName& from, Staging& staging) : open_(open_files(from, staging)) {
        const Selection selection{.name = from.name, .position = from.position, .single = true};
        const auto parts = read_docker_parts(*open_.files, selection);
        manifest_ = parts.manifest;
        files_ = parts.files;
        config_ = parts.config;
    }

    RawManifest manifest() override {
        return RawManifest::parse(oci::to_json(*manifest_), {}, "the archive's manifest");
    }
    RawManifest manifest(const oci::Descriptor&) override {
        throw Error("internal error: a docker archive has no index");
    }
    std::unique_ptr<ByteSource> open_blob(const oci::Descriptor& blob) override {
        if (blob.digest == manifest_->config.digest) return std::make_unique<MemorySource>(config_);
        return open_docker_layer(*open_.files, files_.at(blob.digest));
    }

  private:
    OpenFiles open_;
    std::optional<oci::Manifest> manifest_;
    std::map<oci::Digest, std::string> files_;
    std::string config_;
};

}  // namespace

oci::Digest RawManifest::digest() const { return sha256(bytes); }

RawManifest RawManifest::parse(std::string bytes, std::string_view declared_type, const std::string& what) {
    auto parsed = oci::parse_manifest_or_index(bytes, declared_type, what);
    std::string type = std::visit([](const auto& document) { return document.media_type; }, parsed);
    return {.bytes = std::move(bytes), .media_type = std::move(type), .parsed = std::move(parsed)};
}

RawManifest choose_image(CopySource& source, const oci::Platform& platform) {
    auto manifest = source.manifest();
    for (int depth = 0; depth <= oci::kMaxIndexDepth; ++depth) {
        const auto* index = std::get_if<oci::Index>(&manifest.parsed);
        if (!index) return manifest;
        const oci::Descriptor entry = oci::choose_platform(*index, platform);
        manifest = source.manifest(entry);
    }
    throw Error("indexes are nested deeper than {} levels", oci::kMaxIndexDepth);
}

std::string read_config(CopySource& source, const oci::Descriptor& config) {
    if (config.size > oci::kMaxConfigBytes) {
        throw Error("configuration {} has {} bytes, more than the {} allowed", config.digest.str(),
                    config.size, oci::kMaxConfigBytes);
    }
    const auto bytes = source.open_blob(config);
    std::string text(config.size + 1, '\0');
    text.resize(read_fully(*bytes, text));
    if (text.size() != config.size || sha256(text) != config.digest)
        throw Error("configuration {} has another digest or size", config.digest.str());
    return text;
}

std::unique_ptr<CopySource> open_source(const Place& from, const registry::ClientOptions& options,
                                        Staging& staging) {
    if (from.remote) return open_registry(*from.remote, options);
    if (!from.files) throw Error("internal error: '{}' is in the store", from.str());
    return in_context(
        [&]() -> std::unique_ptr<CopySource> {
            if (from.files->transport == Transport::docker_archive)
                return std::make_unique<DockerArchiveSource>(*from.files, staging);
            return std::make_unique<FilesSource>(*from.files, staging);
        },
        "read '{}'", printable(from.str()));
}

}  // namespace rpod::image
