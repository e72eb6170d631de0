// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/parse_mount.hh"

#include <set>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/mount_option_parser.hh"
#include "container/parse_path.hh"
#include "store/names.hh"

namespace rpod::container {
namespace {

struct KeyValue {
    std::string_view key;
    std::optional<std::string_view> value;
};

KeyValue split_key(std::string_view word) {
    const size_t at = word.find('=');
    if (at == std::string_view::npos) return {.key = word, .value = std::nullopt};
    return {.key = word.substr(0, at), .value = word.substr(at + 1)};
}

/// The parts of a -v text; "\:" is a colon that does not separate.
std::vector<std::string> split_volume(std::string_view text) {
    std::vector<std::string> parts(1);
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ':') {
            parts.back() += text[++i];
        } else if (text[i] == ':') {
            parts.emplace_back();
        } else {
            parts.back() += text[i];
        }
    }
    return parts;
}

/// The fields of one line of CSV (RFC 4180): a field that begins with '"' ends at the next single one.
std::vector<std::string> split_csv(std::string_view text, const MountOptionParser& options) {
    std::vector<std::string> fields;
    size_t i = 0;
    for (;;) {
        std::string& field = fields.emplace_back();
        if (i < text.size() && text[i] == '"') {
            for (++i;; ++i) {
                if (i >= text.size()) options.fail("a quoted field has no end");
                if (text[i] == '"' && (++i >= text.size() || text[i] != '"')) break;
                field += text[i];
            }
            if (i < text.size() && text[i] != ',') options.fail("text follows a quoted field");
        } else {
            while (i < text.size() && text[i] != ',') field += text[i++];
        }
        if (i >= text.size()) return fields;
        ++i;
    }
}

void require_volume_name(const std::string& name, const MountOptionParser& options) {
    if (!store::is_valid_name(name)) {
        options.fail(
            fmt::format("'{}' is not a volume name ([a-zA-Z0-9][a-zA-Z0-9_.-]*); a path on the host begins "
                        "with '/' or './'",
                        printable(name)));
    }
}

void take_volume_options(std::string_view text, MountOptions& out, bool* copy_up,
                         MountOptionParser& options) {
    for (const auto word : split(text, ',')) {
        options.refuse_unsupported(split_key(word).key);
        if (options.take_flag(out, word, std::nullopt) || options.take_bind_word(out, word) ||
            options.take_chown(out.chown, word, std::nullopt)) {
            continue;
        }
        if (word != "copy" && word != "nocopy") options.fail_unknown(word);
        options.once("copy and nocopy");
        if (!copy_up)
            options.fail(fmt::format("option '{}' is for volumes, not for paths of the host", word));
        *copy_up = word == "copy";
    }
}

/// What --mount's types have in common, while its fields are read.
struct MountFields {
    std::string type;
    std::string source;
    std::string destination;
    std::vector<std::string> rest;  ///< other fields, in order
};

MountFields read_mount_fields(std::string_view text, MountOptionParser& options) {
    MountFields out;
    for (auto& field : split_csv(text, options)) {
        // Not a structured binding: clang 14 cannot capture one.
        const KeyValue pair = split_key(field);
        const std::string_view key = pair.key;
        const auto take = [&](std::string_view kind, std::string& member) {
            options.once(kind);
            if (!pair.value || pair.value->empty()) options.fail(fmt::format("'{}' needs a value", key));
            member = *pair.value;
        };
        if (key == "type") {
            take("type", out.type);
        } else if (key == "src" || key == "source") {
            take("src and source", out.source);
        } else if (key == "dst" || key == "dest" || key == "destination" || key == "target") {
            take("dst, destination and target", out.destination);
        } else {
            out.rest.push_back(std::move(field));
        }
    }
    if (out.type.empty()) out.type = "volume";
    if (out.destination.empty()) options.fail("a destination is missing (dst=PATH)");
    return out;
}

bool take_bind_field(MountOptions& out, std::string_view key, std::optional<std::string_view> value,
                     MountOptionParser& options) {
    if (options.take_flag(out, key, value) || options.take_chown(out.chown, key, value)) return true;
    if (key == "bind-propagation") {
        if (!value || !find_propagation(*value)) {
            options.fail(
                fmt::format("bind-propagation is one of shared, slave, private, unbindable, rshared, rslave, "
                            "rprivate and runbindable, not '{}'",
                            printable(value.value_or(""))));
        }
        return options.take_bind_word(out, *value);
    }
    if (key == "relabel") {
        if (value != "shared" && value != "private") options.fail("relabel is shared or private");
        return options.take_bind_word(out, *value == "shared" ? "z" : "Z");
    }
    if (key == "consistency") return true;  // tunes docker's file sharing on macOS
    return !value && options.take_bind_word(out, key);
}

BindMount bind_from(const MountFields& fields, std::string_view cwd, MountOptionParser& options) {
    if (fields.source.empty()) options.fail("a bind needs a source (src=PATH)");
    BindMount out;
    out.source = parse_host_path(fields.source, cwd, "mount");
    for (const auto& field : fields.rest) {
        const auto [key, value] = split_key(field);
        // podman spells the default so, too.
        if (key == "bind-nonrecursive" && value == "false") continue;
        options.refuse_unsupported(key);
        if (!take_bind_field(out.options, key, value, options)) options.fail_unknown(field);
    }
    return out;
}

VolumeMount volume_from(const MountFields& fields, MountOptionParser& options) {
    VolumeMount out;
    out.name = fields.source;
    if (!out.name.empty()) require_volume_name(out.name, options);
    for (const auto& field : fields.rest) {
        const auto [key, value] = split_key(field);
        options.refuse_unsupported(key);
        if (key == "copy" || key == "nocopy" || key == "volume-nocopy") {
            options.once("copy and nocopy");
            out.copy_up = options.parse_bool(key, value) == (key == "copy");
        } else if (!take_bind_field(out.options, key, value, options)) {
            options.fail_unknown(field);
        }
    }
    return out;
}

TmpfsMount tmpfs_from(const MountFields& fields, MountOptionParser& options) {
    if (!fields.source.empty()) options.fail("a tmpfs has no source");
    TmpfsMount out;
    for (const auto& field : fields.rest) {
        auto [key, value] = split_key(field);
        if (key.starts_with("tmpfs-")) {
            key.remove_prefix(6);
            if (key != "size" && key != "mode") options.fail_unknown(field);
        }
        if (options.take_flag(out, key, value) || options.take_chown(out.chown, key, value) ||
            options.take_tmpfs(out, key, value)) {
            continue;
        }
        if (key != "consistency") options.fail_unknown(field);
    }
    return out;
}

DevptsMount devpts_from(const MountFields& fields, MountOptionParser& options) {
    if (!fields.source.empty()) options.fail("a devpts has no source");
    DevptsMount out;
    for (const auto& field : fields.rest) {
        const auto [key, value] = split_key(field);
        options.once(key);
        if (key == "uid") {
            out.uid = options.parse_id(key, value);
        } else if (key == "gid") {
            out.gid = options.parse_id(key, value);
        } else if (key == "mode") {
            out.mode = options.parse_mode(key, value);
        } else if (key == "max") {
            out.max = options.parse_id(key, value);
        } else {
            options.fail_unknown(field);
        }
    }
    return out;
}

}  // namespace

Mount parse_volume(std::string_view text, std::string_view cwd) {
    const std::string what = fmt::format("volume '{}'", printable(text));
    MountOptionParser options(what);
    const auto parts = split_volume(text);
    if (parts.size() > 3) options.fail("expected [SOURCE:]DESTINATION[:OPTIONS]");
    if (parts.size() == 1) return VolumeMount{.name = {}, .destination = parse_destination(parts[0], what)};
    const std::string& source = parts[0];
    const std::string destination = parse_destination(parts[1], what);
    if (source.empty()) options.fail("the source is empty");
    if (source[0] == '/' || source[0] == '.') {
        BindMount bind{.source = parse_host_path(source, cwd, what), .destination = destination};
        if (parts.size() == 3) take_volume_options(parts[2], bind.options, nullptr, options);
        return bind;
    }
    require_volume_name(source, options);
    VolumeMount volume{.name = source, .destination = destination};
    if (parts.size() == 3) take_volume_options(parts[2], volume.options, &volume.copy_up, options);
    return volume;
}

Mount parse_mount(std::string_view text, std::string_view cwd) {
    const std::string what = fmt::format("mount '{}'", printable(text));
    MountOptionParser options(what);
    const auto fields = read_mount_fields(text, options);
    Mount out;
    if (fields.type == "bind") {
        out = bind_from(fields, cwd, options);
    } else if (fields.type == "volume") {
        out = volume_from(fields, options);
    } else if (fields.type == "tmpfs") {
        out = tmpfs_from(fields, options);
    } else if (fields.type == "devpts") {
        out = devpts_from(fields, options);
    } else if (fields.type == "image" || fields.type == "glob" || fields.type == "ramfs" ||
               fields.type == "artifact") {
        options.fail(fmt::format("mounts of type {} are not supported yet", fields.type));
    } else {
        options.fail(fmt::format("unknown type '{}'; bind, volume, tmpfs and devpts are known",
                                 printable(fields.type)));
    }
    std::visit([&](auto& m) { m.destination = parse_destination(fields.destination, what); }, out);
    return out;
}

TmpfsMount parse_tmpfs(std::string_view text) {
    const std::string what = fmt::format("tmpfs '{}'", printable(text));
    MountOptionParser options(what);
    const auto parts = split(text, ':', 2);
    TmpfsMount out{.destination = parse_destination(parts[0], what)};
    if (parts.size() == 1) return out;
    for (const auto word : split(parts[1], ',')) {
        const auto [key, value] = split_key(word);
        if (options.take_tmpfs(out, key, value) || options.take_chown(out.chown, key, value)) continue;
        if (value || !options.take_flag(out, key, value)) options.fail_unknown(word);
    }
    return out;
}

void require_distinct_destinations(const std::vector<Mount>& mounts) {
    std::set<std::string_view> seen;
    for (const auto& mount : mounts) {
        if (!seen.insert(destination_of(mount)).second) {
            throw Error("{}: duplicate mount destination", printable(destination_of(mount)));
        }
    }
}

}  // namespace rpod::container
