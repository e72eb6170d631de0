// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/record.hh"

#include "base/error.hh"

namespace rpod::store {

std::optional<json::Value> find_record(int dir, const RecordKind& kind, const std::string& owner) {
    const auto fd = sys::find_at(dir, kind.file, O_RDONLY | O_NOFOLLOW);
    if (!fd) return std::nullopt;
    const std::string what = fmt::format("{} of {}", kind.file, owner);
    auto record = json::Value::parse(sys::read_all(fd->get(), what), what);
    const int64_t version = record.at("version").as_int(1, INT32_MAX);
    if (version > kind.version) {
        throw Error("{}: written by a newer rpod (format {}, this one knows {})", what, version,
                    kind.version);
    }
    return record;
}

json::Builder make_record(const RecordKind& kind) {
    auto record = json::Builder::object();
    record.set("version", kind.version);
    return record;
}

void replace_record(int dir, const RecordKind& kind, const json::Builder& record, sys::Sync sync) {
    sys::replace_file_at(dir, kind.file, record.dump(2) + "\n", 0600, sync);
}

}  // namespace rpod::store
