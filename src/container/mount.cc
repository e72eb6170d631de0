// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/mount.hh"

#include "base/error.hh"
#include "container/enum_names.hh"
#include "container/mount_json.hh"

namespace rpod::container {
namespace {

constexpr EnumNames<Relabel, 3> kRelabels{
    {{Relabel::none, "none"}, {Relabel::shared, "shared"}, {Relabel::private_, "private"}}};

constexpr EnumNames<Propagation, 8> kPropagations{{{Propagation::private_, "private"},
                                                   {Propagation::shared, "shared"},
                                                   {Propagation::slave, "slave"},
                                                   {Propagation::unbindable, "unbindable"},
                                                   {Propagation::rprivate, "rprivate"},
                                                   {Propagation::rshared, "rshared"},
                                                   {Propagation::rslave, "rslave"},
                                                   {Propagation::runbindable, "runbindable"}}};

void set_options(json::Builder& out, const MountOptions& o) {
    out.set("read_only", o.read_only).set("exec", o.exec).set("suid", o.suid).set("dev", o.dev);
    out.set("propagation", name_of(kPropagations, o.propagation));
    if (o.relabel != Relabel::none) out.set("relabel", name_of(kRelabels, o.relabel));
    if (o.chown) out.set("chown", true);
}

MountOptions options_from(const json::Value& v) {
    MountOptions o;
    o.read_only = v.bool_or("read_only", o.read_only);
    o.exec = v.bool_or("exec", o.exec);
    o.suid = v.bool_or("suid", o.suid);
    o.dev = v.bool_or("dev", o.dev);
    o.propagation = enum_or(v, "propagation", kPropagations, o.propagation);
    o.relabel = enum_or(v, "relabel", kRelabels, o.relabel);
    o.chown = v.bool_or("chown", o.chown);
    return o;
}

template <class T>
void set_optional(json::Builder& out, std::string_view key, const std::optional<T>& value) {
    if (value) out.set(key, static_cast<uint64_t>(*value));
}

template <class T>
std::optional<T> optional_from(const json::Value& v, std::string_view key) {
    const auto member = v.find(key);
    if (!member) return std::nullopt;
    return static_cast<T>(member->as_uint(std::numeric_limits<T>::max()));
}

struct Writer {
    json::Builder out = json::Builder::object();

    void operator()(const BindMount& m) {
        out.set("type", "bind").set("source", m.source).set("destination", m.destination);
        set_options(out, m.options);
    }
    void operator()(const VolumeMount& m) {
        out.set("type", "volume").set("name", m.name).set("destination", m.destination);
        set_options(out, m.options);
        out.set("copy_up", m.copy_up);
    }
    void operator()(const TmpfsMount& m) {
        out.set("type", "tmpfs").set("destination", m.destination).set("read_only", m.read_only);
        out.set("exec", m.exec).set("suid", m.suid).set("dev", m.dev);
        set_optional(out, "size_bytes", m.size_bytes);
        set_optional(out, "inodes", m.inodes);
        set_optional(out, "mode", m.mode);
        set_optional(out, "uid", m.uid);
        set_optional(out, "gid", m.gid);
        out.set("copy_up", m.copy_up);
        if (m.chown) out.set("chown", true);
    }
    void operator()(const DevptsMount& m) {
        out.set("type", "devpts").set("destination", m.destination);
        set_optional(out, "mode", m.mode);
        set_optional(out, "uid", m.uid);
        set_optional(out, "gid", m.gid);
        set_optional(out, "max", m.max);
    }
};

TmpfsMount tmpfs_from(const json::Value& v) {
    TmpfsMount m;
    m.destination = v.at("destination").as_string();
    m.read_only = v.bool_or("read_only", m.read_only);
    m.exec = v.bool_or("exec", m.exec);
    m.suid = v.bool_or("suid", m.suid);
    m.dev = v.bool_or("dev", m.dev);
    m.size_bytes = optional_from<uint64_t>(v, "size_bytes");
    m.inodes = optional_from<uint64_t>(v, "inodes");
    m.mode = optional_from<uint32_t>(v, "mode");
    m.uid = optional_from<uint32_t>(v, "uid");
    m.gid = optional_from<uint32_t>(v, "gid");
    m.copy_up = v.bool_or("copy_up", m.copy_up);
    m.chown = v.bool_or("chown", m.chown);
    return m;
}

}  // namespace

const std::string& destination_of(const Mount& mount) {
    return std::visit([](const auto& m) -> const std::string& { return m.destination; }, mount);
}

std::string_view propagation_name(Propagation propagation) { return name_of(kPropagations, propagation); }

std::optional<Propagation> find_propagation(std::string_view name) { return find_enum(kPropagations, name); }

json::Builder mount_to_json(const Mount& mount) {
    Writer writer;
    std::visit(writer, mount);
    return std::move(writer.out);
}

Mount mount_from_json(const json::Value& v) {
    const std::string type = v.at("type").as_string();
    const std::string destination = v.at("destination").as_string();
    if (type == "bind") {
        return BindMount{v.at("source").as_string(), destination, options_from(v)};
    }
    if (type == "volume") {
        return VolumeMount{v.at("name").as_string(), destination, options_from(v),
                           v.bool_or("copy_up", true)};
    }
    if (type == "tmpfs") return tmpfs_from(v);
    if (type == "devpts") {
        return DevptsMount{destination, optional_from<uint32_t>(v, "mode"), optional_from<uint32_t>(v, "uid"),
                           optional_from<uint32_t>(v, "gid"), optional_from<uint32_t>(v, "max")};
    }
    throw Error("{}: unknown mount type '{}'", v.path(), type);
}

}  // namespace rpod::container
