// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// A docker archive as the target of a copy: the configuration as it is, layers uncompressed, and instead of a
// manifest the list that docker reads.
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/error.hh"
#include "base/json.hh"
#include "image/compress.hh"
#include "image/copy_target.hh"
#include "image/image_sink.hh"
#include "image/layer.hh"
#include "image/verifying_source.hh"
#include "oci/image_config.hh"
#include "sys/file.hh"
#include "sys/output.hh"

namespace rpod::image {
namespace {

/// docker's tools cannot add to one, and who names one twice may not mean to lose the first.
void require_new(const std::string& path) {
    struct stat st {};
    if (::stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        throw Error("docker-archive '{}' is there already, and images cannot be added to it", path);
    }
}

std::string list_of(const std::string& config, const std::vector<std::string>& layers,
                    const std::string& name) {
    auto tags = json::Builder::array();
    if (!name.empty()) tags.push(oci::Reference::parse(name).with_default_tag().str());
    auto entry = json::Builder::object();
    entry.set("Config", config).set("RepoTags", std::move(tags)).set("Layers", json::Builder::of(layers));
    auto list = json::Builder::array();
    list.push(std::move(entry));
    return list.dump();
}

/// A layer's tar in a file: its size must be known before it is written.
uint64_t unpack(ByteSource& source, Compression compression, int file, const oci::Digest& diff_id) {
    const auto plain = open_decompressor(source, compression);
    VerifyingSource verified(*plain, diff_id, std::nullopt, "layer " + diff_id.str());
    std::vector<char> buffer(256 << 10);
    uint64_t size = 0;
    while (const size_t n = verified.read(buffer)) {
        sys::write_all(file, {buffer.data(), n}, "a layer");
        size += n;
    }
    return size;
}

void add_layer(ImageSink& sink, const std::string& name, ByteSource& bytes, uint64_t size,
               const oci::Digest& diff_id, int scratch) {
    PeekSource source(bytes);
    const auto compression = detect_compression(source.start());
    if (compression == Compression::none) {
        VerifyingSource verified(source, diff_id, size, "layer " + diff_id.str());
        sink.add_bytes(name, verified, size);
        return;
    }
    const std::string temporary = sys::random_name();
    const sys::Fd file = sys::open_at(scratch, temporary, O_RDWR | O_CREAT | O_EXCL, 0600);
    ::unlinkat(scratch, temporary.c_str(), 0);
    sink.add_file(name, file.get(), unpack(source, compression, file.get(), diff_id));
}

}  // namespace

void write_docker_archive(CopySource& source, const RawManifest& raw, const TransportName& to, int scratch,
                          const std::function<void(const std::string&)>& progress) {
    require_new(to.path);
    const auto& manifest = std::get<oci::Manifest>(raw.parsed);
    const std::string text = read_config(source, manifest.config);
    const auto config = oci::ImageConfig::parse(text);
    if (config.diff_ids.size() != manifest.layers.size()) {
        throw Error("the manifest lists {} layers, the configuration {}", manifest.layers.size(),
                    config.diff_ids.size());
    }
    sys::OutputFile out(to.path);
    const auto sink = open_archive_sink(out.fd(), fmt::format("'{}'", to.path));
    std::vector<std::string> names;
    for (const auto& diff_id : config.diff_ids) names.push_back(diff_id.hex() + ".tar");
    const std::string config_name = manifest.config.digest.hex() + ".json";
    sink->add_document("manifest.json", list_of(config_name, names, to.name));
    sink->add_document(config_name, text);
    std::set<std::string> written;
    for (size_t i = 0; i < names.size(); ++i) {
        if (!written.insert(names[i]).second) continue;
        const auto& layer = manifest.layers[i];
        oci::require_layer_type(layer);
        progress("Copying blob " + layer.digest.str());
        const auto bytes = source.open_blob(layer);
        add_layer(*sink, names[i], *bytes, layer.size, config.diff_ids[i], scratch);
    }
    sink->finish();
    out.commit();
}

}  // namespace rpod::image
