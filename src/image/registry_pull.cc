// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/registry_pull.hh"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/log.hh"
#include "image/place.hh"
#include "image/sha256.hh"
#include "registry/registries_conf.hh"
#include "sys/file.hh"

namespace rpod::image {
namespace {

constexpr std::string_view kDockerTransport = "docker://";

using Report = std::function<void(const BlobProgress&)>;

class BlobSource : public ByteSource {
  public:
    BlobSource(std::unique_ptr<registry::BlobReader> reader, BlobProgress progress, const Report& report)
        : reader_(std::move(reader)), progress_(std::move(progress)), report_(report) {
        if (report_) report_(progress_);
    }
    size_t read(std::span<char> into) override {
        const size_t n = reader_->read(into);
        progress_.done += n;
        if (report_ && n > 0) report_(progress_);
        return n;
    }

  private:
    std::unique_ptr<registry::BlobReader> reader_;
    BlobProgress progress_;
    const Report& report_;
};

/// The turn to fetch a layer: of several pulls that want it, one does, and the others wait for its end. The
/// kernel ends the turn of a process that dies.
class LayerTurn {
  public:
    LayerTurn(const std::filesystem::path& run, const std::string& blob)
        : path_(run / ("pull-" + blob)), fd_(sys::open_file(path_, O_RDWR | O_CREAT, 0600)) {
        lock();
    }
    LayerTurn(const LayerTurn&) = delete;
    LayerTurn& operator=(const LayerTurn&) = delete;
    // Who comes between this and the waiting ones fetches too: no harm.
    ~LayerTurn() { ::unlink(path_.c_str()); }

  private:
    /// The lock of this open file alone (fcntl(2), F_OFD_SETLKW). Those that belong to the process would do
    /// for the turns, but the kernel takes it for a deadlock when threads of two pulls wait for each other's
    /// layers, though other threads of theirs go on.
    void lock() const {
        struct flock whole {};
        whole.l_type = F_WRLCK;
        whole.l_whence = SEEK_SET;
        while (::fcntl(fd_.get(), F_OFD_SETLKW, &whole) < 0) {
            if (errno != EINTR) throw SysError(errno, "lock '{}'", path_.native());
        }
    }

    std::filesystem::path path_;
    sys::Fd fd_;
};

/// A repository as a directory of blobs, named by their hex digits.
class RegistryFiles : public ImageFiles {
  public:
    RegistryFiles(registry::Client& client, Staging& staging, std::filesystem::path run, const Report& report)
        : client_(client), staging_(staging), run_(std::move(run)), report_(report) {}

    std::optional<std::string> find_document(const std::string& name, size_t max_bytes) override {
        return client_.blob(digest_of(name), max_bytes);
    }
    StagedLayer stage_layer(const std::string& name, const LayerExpectation& expected) override {
        const LayerTurn turn(run_, name);
        // Another pull may just have brought it.
        if (auto there = staging_.reuse_layer(*expected.diff_id)) return *there;
        BlobSource source(client_.open_blob(digest_of(name), expected.size),
                          {.digest = digest_of(name), .total = expected.size.value_or(0)}, report_);
        const auto layer = staging_.add_layer(source, expected);
        staging_.keep_layer(layer.diff_id);
        return layer;
    }
    bool random_access() const override { return true; }

  private:
    static oci::Digest digest_of(const std::string& name) { return oci::Digest::parse("sha256:" + name); }
    registry::Client& client_;
    Staging& staging_;
    const std::filesystem::path run_;
    const Report& report_;
};

/// What was fetched in vain is worth less than space, where there is none.
bool disk_is_full(const std::filesystem::path& path) {
    constexpr uint64_t kEnough = 64 << 20;
    struct statvfs fs {};
    return ::statvfs(path.c_str(), &fs) == 0 && uint64_t{fs.f_bavail} * fs.f_frsize < kEnough;
}

/// The manifest for the platform, and the bytes that lead to it, its own first.
struct FoundManifest {
    oci::Manifest manifest;
    std::vector<std::string> sources;
};

FoundManifest find_manifest(registry::Client& client, const oci::Reference& name,
                            const oci::Platform& platform) {
    std::string reference = reference_of(name);
    std::vector<std::string> sources;
    std::string expected_type;
    for (int depth = 0; depth <= oci::kMaxIndexDepth; ++depth) {
        auto document = fetch_manifest(client, reference);
        const std::string what = fmt::format("manifest {} in {}", reference, client.name());
        // What an index says of its entry binds as much as what the server says.
        const auto& type = expected_type.empty() ? document.media_type : expected_type;
        const auto parsed = oci::parse_manifest_or_index(document.bytes, type, what);
        sources.insert(sources.begin(), std::move(document.bytes));
        if (const auto* manifest = std::get_if<oci::Manifest>(&parsed)) {
            return {.manifest = *manifest, .sources = std::move(sources)};
        }
        const auto& entry = oci::choose_platform(std::get<oci::Index>(parsed), platform);
        reference = entry.digest.str();
        expected_type = entry.media_type;
    }
    throw Error("indexes are nested deeper than {} levels", oci::kMaxIndexDepth);
}

}  // namespace

std::string reference_of(const oci::Reference& name) {
    return name.digest() ? name.digest()->str() : name.tag().value_or("latest");
}

registry::ManifestDocument fetch_manifest(registry::Client& client, const std::string& reference) {
    auto document = client.manifest(reference);
    const auto wanted = oci::Digest::try_parse(reference);
    if (const auto found = sha256(document.bytes); wanted && found != *wanted) {
        throw Error("reading manifest {} in {}: the digest of what the registry sends is {}", reference,
                    client.name(), found.str());
    }
    return document;
}

RemoteImage remote_image(const oci::Reference& name) {
    const auto full = name.digest() ? name.with_digest(*name.digest()) : name.with_default_tag();
    return {.name = full, .registry = full.domain(), .repository = full.path()};
}

AddedImage pull_remote(const ImageStore& store, const RemoteImage& from, const RemotePull& pull,
                       const Progress& progress) {
    registry::Client client(from.registry, from.repository, pull.options);
    Staging staging(store);
    auto found = find_manifest(client, from.name, pull.platform);
    progress("Getting image source signatures");
    store::open_run(store.paths());
    RegistryFiles files(client, staging, store.paths().run(), pull.report);
    std::vector<LayerFile> layers;
    NewImage image = read_manifest_image(files, BlobNames{.prefix = {}}, found.manifest, layers);
    image.source_manifests = std::move(found.sources);
    image.names = {pull.as.value_or(from.name)};
    try {
        // A line for a layer that is there already is worth a line in any case.
        const Progress lines = [&](const std::string& line) {
            if (!pull.report || line.ends_with("exists")) progress(line);
        };
        stage_layers(files, staging, layers, lines);
    } catch (const Error&) {
        if (disk_is_full(store.paths().blobs())) staging.discard_kept();
        throw;
    }
    progress("Copying config " + found.manifest.config.digest.str());
    const AddedImage added{.id = staging.add_image(image), .names = image.names};
    progress("Writing manifest to image destination");
    progress("Storing signatures");
    staging.commit();
    return added;
}

namespace {

/// What was typed goes before what registries.conf says.
RemotePull options_for(const registry::Place& place, const RemotePull& pull) {
    RemotePull out = pull;
    if (!out.options.tls_verify && place.insecure) out.options.tls_verify = false;
    return out;
}

/// The places of a name, as registries.conf says, with what it says of their security.
AddedImage pull_from_places(const ImageStore& store, const registry::RegistriesConf& conf,
                            const oci::Reference& name, const RemotePull& pull, const Progress& progress) {
    const auto wanted = remote_image(name).name;
    require_accepted(Place{.remote = wanted}, pull.policy_file);
    const auto places = conf.places(wanted);
    for (const auto& place : places) {
        const RemoteImage from{
            .name = wanted, .registry = place.name.domain(), .repository = place.name.path()};
        try {
            return pull_remote(store, from, options_for(place, pull), progress);
        } catch (const Error& e) {
            if (&place == &places.back()) throw;
            log::warn("{}; trying the next place", e.what());
        }
    }
    throw Error("internal error: {} is nowhere", name.str());
}

}  // namespace

AddedImage pull_by_name(const ImageStore& store, const std::string& text, const RemotePull& pull,
                        const Progress& progress) {
    const auto conf = registry::RegistriesConf::load();
    const bool exact = text.starts_with(kDockerTransport);
    const auto candidates =
        exact ? std::vector{oci::Reference::parse(text.substr(kDockerTransport.size()))} : conf.resolve(text);
    for (const auto& candidate : candidates) {
        progress(fmt::format("Trying to pull {}...", remote_image(candidate).name.str()));
        try {
            return pull_from_places(store, conf, candidate, pull, progress);
        } catch (const Error& e) {
            if (&candidate == &candidates.back()) throw;
            log::warn("{}", e.what());
        }
    }
    throw Error("internal error: '{}' means nothing", text);
}

std::vector<AddedImage> pull_all_tags(const ImageStore& store, const std::string& text,
                                      const RemotePull& pull, const Progress& progress) {
    const auto conf = registry::RegistriesConf::load();
    const bool exact = text.starts_with(kDockerTransport);
    const auto name =
        exact ? oci::Reference::parse(text.substr(kDockerTransport.size())) : conf.resolve(text).front();
    if (name.tag() || name.digest()) throw Error("'{}': --all-tags takes a name without a tag", name.str());
    const auto place = conf.places(name).back();
    registry::Client client(place.name.domain(), place.name.path(), options_for(place, pull).options);
    std::vector<AddedImage> out;
    for (const auto& tag : client.tags()) {
        progress(fmt::format("Trying to pull {}...", name.with_tag(tag).str()));
        out.push_back(pull_from_places(store, conf, name.with_tag(tag), pull, progress));
    }
    return out;
}

bool is_current(const Image& image, const std::string& text, const RemotePull& pull) {
    const auto conf = registry::RegistriesConf::load();
    const auto name = remote_image(conf.resolve(text).front()).name;
    const auto place = conf.places(name).back();
    registry::Client client(place.name.domain(), place.name.path(), options_for(place, pull).options);
    const std::string reference = reference_of(name);
    const auto told = client.manifest_digest(reference);
    const auto digest = told ? *told : sha256(fetch_manifest(client, reference).bytes);
    return std::find(image.sources.begin(), image.sources.end(), digest) != image.sources.end();
}

}  // namespace rpod::image
