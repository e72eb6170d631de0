// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/copy_target.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/defer.hh"
#include "base/error.hh"
#include "base/json.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "image/image_sink.hh"
#include "image/registry_pull.hh"
#include "image/sha256.hh"
#include "registry/registries_conf.hh"
#include "sys/file.hh"
#include "sys/output.hh"

namespace rpod::image {
namespace {

constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
constexpr std::string_view kBlobs = "blobs/sha256/";

class RegistryTarget : public CopyTarget {
  public:
    RegistryTarget(const registry::Place& place, const registry::ClientOptions& options)
        : name_(place.name), client_(name_.domain(), name_.path(), options) {}

    bool has_blob(const oci::Descriptor& blob, const CopySource* from) override {
        if (client_.has_blob(blob.digest)) return true;
        const auto source = from ? from->repository() : std::nullopt;
        if (!source || source->domain() != name_.domain() || source->path() == name_.path()) return false;
        try {
            return client_.mount_blob(blob.digest, source->path());
        } catch (const Error& e) {
            log::debug("{}", e.what());
            return false;
        }
    }

    void put_blob(const oci::Descriptor& blob, const BlobOpener& open) override {
        client_.upload({.digest = blob.digest, .size = blob.size, .open = [&open] {
                            std::shared_ptr<ByteSource> source = open();
                            return [source](std::span<char> into) { return source->read(into); };
                        }});
    }

    void put_manifest(const RawManifest& manifest) override {
        client_.put_manifest(manifest.digest().str(), manifest.bytes, manifest.media_type);
    }

    void finish(const RawManifest& manifest) override {
        if (name_.digest() && *name_.digest() != manifest.digest()) {
            throw Error("the manifest's digest is {} and not that of '{}'", manifest.digest().str(),
                        name_.str());
        }
        client_.put_manifest(reference_of(name_), manifest.bytes, manifest.media_type);
    }

    bool parallel() const override { return true; }

  private:
    oci::Reference name_;
    registry::Client client_;
};

/// A file that is there whole or not at all.
void write_file(int dir, const std::string& name, ByteSource& source) {
    const std::string temporary = ".tmp-" + sys::random_name();
    const sys::Fd file = sys::open_at(dir, temporary, O_WRONLY | O_CREAT | O_EXCL, 0666);
    Defer remove([&] { ::unlinkat(dir, temporary.c_str(), 0); });
    std::vector<char> buffer(256 << 10);
    while (const size_t n = source.read(buffer)) sys::write_all(file.get(), {buffer.data(), n}, name);
    check(::renameat(dir, temporary.c_str(), dir, name.c_str()), "rename '{}'", name);
    remove.dismiss();
}

void write_text(int dir, const std::string& name, std::string_view text) {
    MemorySource source(text);
    write_file(dir, name, source);
}

bool has_file(int dir, const std::string& name, uint64_t size) {
    struct stat st {};
    return ::fstatat(dir, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
           static_cast<uint64_t>(st.st_size) == size;
}

/// Made where it is missing; never a link to somewhere else.
sys::Fd make_directory_at(int dir, const char* name) {
    if (::mkdirat(dir, name, 0777) < 0 && errno != EEXIST) throw SysError(errno, "create '{}'", name);
    return sys::open_at(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

std::string layout_entry(const RawManifest& manifest, const std::string& name) {
    oci::Descriptor entry{
        .media_type = manifest.media_type, .digest = manifest.digest(), .size = manifest.bytes.size()};
    if (!name.empty()) entry.annotations[std::string(oci::kRefNameAnnotation)] = name;
    return oci::to_json(oci::Index{.media_type = std::string(oci::media_type::kIndex), .manifests = {entry}});
}

/// index.json with one more entry, which takes the place of one with the same name. What other tools wrote
/// there stays as it is.
std::string add_to_layout(const std::string& index, const RawManifest& manifest, const std::string& name) {
    oci::parse_index(index, {}, "index.json");
    const json::Limits limits{.max_bytes = oci::kMaxManifestBytes};
    const auto root = json::Value::parse(index, "index.json", limits);
    const auto added = json::Value::parse(layout_entry(manifest, name), "the new entry");
    auto entries = json::Builder::array();
    const auto list = root.find("manifests");
    for (const auto& entry : list ? list->elements() : std::vector<json::Value>{}) {
        const auto annotations = entry.string_map_or_empty("annotations");
        const auto it = annotations.find(std::string(oci::kRefNameAnnotation));
        const std::string its_name = it == annotations.end() ? std::string() : it->second;
        const bool same_image = entry.at("digest").as_string() == manifest.digest().str();
        if (name.empty() ? its_name.empty() && same_image : its_name == name) continue;
        entries.push(json::Builder::of(entry));
    }
    entries.push(json::Builder::of(added.at("manifests").elements().front()));
    auto out = json::Builder::object();
    for (const auto& [key, value] : root.members()) {
        if (key != "manifests") out.set(key, json::Builder::of(value));
    }
    out.set("manifests", std::move(entries));
    return out.dump();
}

/// An OCI layout that is there, or is made.
class LayoutTarget : public CopyTarget {
  public:
    explicit LayoutTarget(const TransportName& to) : name_(to.name) {
        sys::make_dirs(to.path, 0777);
        dir_ = sys::open_file(to.path, O_RDONLY | O_DIRECTORY);
        blobs_ = make_directory_at(make_directory_at(dir_.get(), "blobs").get(), "sha256");
    }

    bool has_blob(const oci::Descriptor& blob, const CopySource*) override {
        return has_file(blobs_.get(), blob.digest.hex(), blob.size);
    }
    void put_blob(const oci::Descriptor& blob, const BlobOpener& open) override {
        write_file(blobs_.get(), blob.digest.hex(), *open());
    }
    void put_manifest(const RawManifest& manifest) override {
        write_text(blobs_.get(), manifest.digest().hex(), manifest.bytes);
    }
    void finish(const RawManifest& manifest) override {
        put_manifest(manifest);
        const sys::Fd turn = begin_change();
        const auto index = sys::find_at(dir_.get(), "index.json", O_RDONLY);
        write_text(dir_.get(), "index.json",
                   index ? add_to_layout(sys::read_all(index->get(), "index.json", oci::kMaxManifestBytes),
                                         manifest, name_)
                         : layout_entry(manifest, name_));
    }
    bool parallel() const override { return true; }

  private:
    /// Two who add to it at the same time: each reads what the other wrote. The file that every layout has is
    /// what they wait for.
    sys::Fd begin_change() const {
        sys::Fd file = sys::open_at(dir_.get(), "oci-layout", O_RDWR | O_CREAT | O_NOFOLLOW, 0666);
        sys::lock(file.get(), sys::LockKind::exclusive);
        struct stat st {};
        check(::fstat(file.get(), &st), "stat 'oci-layout'");
        if (st.st_size == 0) sys::write_all(file.get(), kLayoutFile, "'oci-layout'");
        return file;
    }

    std::string name_;
    sys::Fd dir_, blobs_;
};

/// skopeo's dir: is one image, so it must not be there yet.
class DirectoryTarget : public CopyTarget {
  public:
    explicit DirectoryTarget(const TransportName& to) : out_(to.path) {}

    bool has_blob(const oci::Descriptor& blob, const CopySource*) override {
        return has_file(out_.fd(), blob.digest.hex(), blob.size);
    }
    void put_blob(const oci::Descriptor& blob, const BlobOpener& open) override {
        write_file(out_.fd(), blob.digest.hex(), *open());
    }
    void put_manifest(const RawManifest& manifest) override {
        write_text(out_.fd(), manifest.digest().hex() + ".manifest.json", manifest.bytes);
    }
    void finish(const RawManifest& manifest) override {
        write_text(out_.fd(), "version", "Directory Transport Version: 1.1\n");
        write_text(out_.fd(), "manifest.json", manifest.bytes);
        out_.commit();
    }
    bool parallel() const override { return true; }

  private:
    sys::OutputDir out_;
};

/// A tar archive of an OCI layout, with one image.
class LayoutArchiveTarget : public CopyTarget {
  public:
    explicit LayoutArchiveTarget(const TransportName& to)
        : name_(to.name), file_(to.path), sink_(open_archive_sink(file_.fd(), fmt::format("'{}'", to.path))) {
        sink_->add_document("oci-layout", kLayoutFile);
    }

    bool has_blob(const oci::Descriptor& blob, const CopySource*) override {
        return written_.contains(blob.digest);
    }
    void put_blob(const oci::Descriptor& blob, const BlobOpener& open) override {
        written_.insert(blob.digest);
        const auto source = open();
        sink_->add_bytes(blob_name(blob.digest), *source, blob.size);
    }
    void put_manifest(const RawManifest& manifest) override {
        if (written_.insert(manifest.digest()).second)
            sink_->add_document(blob_name(manifest.digest()), manifest.bytes);
    }
    void finish(const RawManifest& manifest) override {
        put_manifest(manifest);
        sink_->add_document("index.json", layout_entry(manifest, name_));
        sink_->finish();
        file_.commit();
    }
    bool parallel() const override { return false; }

  private:
    static std::string blob_name(const oci::Digest& digest) { return std::string(kBlobs) + digest.hex(); }

    std::string name_;
    sys::OutputFile file_;
    std::unique_ptr<ImageSink> sink_;
    std::set<oci::Digest> written_;
};

}  // namespace

std::unique_ptr<CopyTarget> open_target(const Place& to, const registry::ClientOptions& options) {
    if (to.remote) {
        // Mirrors are for reading: the last place is the registry itself.
        const auto place = registry::RegistriesConf::load().places(*to.remote).back();
        registry::ClientOptions there = options;
        if (!there.tls_verify && place.insecure) there.tls_verify = false;
        return std::make_unique<RegistryTarget>(place, there);
    }
    if (!to.files) throw Error("internal error: '{}' is in the store", to.str());
    switch (to.files->transport) {
        case Transport::oci:
            return std::make_unique<LayoutTarget>(*to.files);
        case Transport::dir:
            return std::make_unique<DirectoryTarget>(*to.files);
        case Transport::oci_archive:
            return std::make_unique<LayoutArchiveTarget>(*to.files);
        case Transport::docker_archive:
            break;
    }
    throw Error("internal error: a docker archive takes no manifest");
}

}  // namespace rpod::image
