// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "image/pax.hh"

#include <algorithm>
#include <array>

#include "base/error.hh"
#include "base/strings.hh"

namespace rpod::image {
namespace {

// The kernel's bounds (xattr(7), linux/limits.h): what exceeds them cannot be an attribute of a file.
constexpr size_t kMaxXattrName = 255;
constexpr size_t kMaxXattrValue = 64 << 10;
// Ours: a member with more is hostile, and the search for one name would take its time.
constexpr size_t kMaxXattrs = 512;

/// "%d %s=%s\n", the number being the length of all of it (POSIX, pax, "pax Header Block").
struct Record {
    std::string_view key;
    std::string_view value;
};

Record take_record(std::string_view& text) {
    const size_t blank = text.find(' ');
    if (blank > 20) throw Error("pax record without a length");
    const auto length = parse_uint(text.substr(0, blank), text.size());
    if (!length || *length < blank + 4) throw Error("pax record whose length does not fit");
    const std::string_view body = text.substr(blank + 1, *length - blank - 1);
    const size_t equals = body.find('=');
    if (body.back() != '\n') throw Error("pax record without an end of line");
    if (equals == 0 || equals == std::string_view::npos) throw Error("pax record without a key");
    text.remove_prefix(*length);
    return {.key = body.substr(0, equals), .value = body.substr(equals + 1, body.size() - equals - 2)};
}

std::string as_name(const Record& record) {
    if (record.value.find('\0') != std::string_view::npos) throw Error("pax {}: it holds a NUL", record.key);
    return std::string(record.value);
}

uint64_t as_number(const Record& record) {
    const auto value = parse_uint(record.value, INT64_MAX);
    if (!value)
        throw Error("pax {}: '{}' is not a number that fits", record.key,
                    printable(record.value.substr(0, 40)));
    return *value;
}

/// "-12.5" is 12.5 s before the epoch. Digits beyond nanoseconds are cut.
Timestamp as_time(const Record& record) {
    const auto bad = [&] {
        return Error("pax {}: '{}' is not a time", record.key, printable(record.value.substr(0, 40)));
    };
    const size_t dot = record.value.find('.');
    const bool negative = record.value.starts_with('-');
    const auto seconds = parse_int(record.value.substr(0, dot));
    if (!seconds || *seconds == INT64_MIN) throw bad();
    uint32_t ns = 0;
    if (dot != std::string_view::npos) {
        const std::string_view fraction = record.value.substr(dot + 1);
        const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
        if (!std::all_of(fraction.begin(), fraction.end(), is_digit)) throw bad();
        for (size_t i = 0; i < 9; ++i) ns = ns * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
    }
    if (negative && ns > 0) return {.s = *seconds - 1, .ns = 1'000'000'000 - ns};
    return {.s = *seconds, .ns = ns};
}

/// LIBARCHIVE.xattr. has the name URL-encoded and the value in base64 (without padding).
std::string url_decode(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto hex = [&](size_t at) {
            const std::string_view digits = "0123456789abcdef";
            return at < text.size() ? digits.find(to_lower(text.substr(at, 1))) : std::string_view::npos;
        };
        if (text[i] == '%' && hex(i + 1) != std::string_view::npos && hex(i + 2) != std::string_view::npos) {
            out += static_cast<char>(hex(i + 1) << 4 | hex(i + 2));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string base64_decode(std::string_view text, std::string_view key) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    while (text.ends_with('=')) text.remove_suffix(1);
    for (const char c : text) {
        const size_t digit = alphabet.find(c);
        if (digit == std::string_view::npos) throw Error("pax {}: not base64", printable(key));
        bits = bits << 6 | static_cast<uint32_t>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count);
        }
    }
    return out;
}

void set_xattr(PaxRecords& records, std::string name, std::string value, bool replace) {
    if (name.empty() || name.find('\0') != std::string::npos)
        throw Error("extended attribute without a proper name");
    if (name.size() > kMaxXattrName || value.size() > kMaxXattrValue) {
        throw Error("extended attribute '{}' of {} bytes: larger than the kernel takes",
                    printable(name.substr(0, 80)), value.size());
    }
    for (auto& [have, old] : records.xattrs) {
        if (have != name) continue;
        if (replace) old = std::move(value);
        return;
    }
    if (records.xattrs.size() == kMaxXattrs) throw Error("more than {} extended attributes", kMaxXattrs);
    records.xattrs.emplace_back(std::move(name), std::move(value));
}

bool take_xattr(const Record& record, PaxRecords& records) {
    constexpr std::string_view schily = "SCHILY.xattr.";
    constexpr std::string_view libarchive = "LIBARCHIVE.xattr.";
    if (record.key.starts_with(schily)) {
        set_xattr(records, std::string(record.key.substr(schily.size())), std::string(record.value), true);
        return true;
    }
    // bsdtar writes both forms: the other one wins, as it is what the rest of the world reads.
    if (record.key.starts_with(libarchive)) {
        set_xattr(records, url_decode(record.key.substr(libarchive.size())),
                  base64_decode(record.value, record.key), false);
        return true;
    }
    return false;
}

std::vector<uint64_t> as_map(const Record& record) {
    std::vector<uint64_t> map;
    for (const auto part : split(record.value, ',')) map.push_back(as_number({record.key, part}));
    return map;
}

bool take_sparse(const Record& record, PaxRecords::Sparse& sparse) {
    const std::string_view key = record.key;
    if (!key.starts_with("GNU.sparse.")) return false;
    const std::string_view field = key.substr(11);
    if (field == "major") sparse.major = as_number(record);
    if (field == "minor") sparse.minor = as_number(record);
    if (field == "name") sparse.name = as_name(record);
    if (field == "realsize" || field == "size") sparse.real_size = as_number(record);
    if (field == "numblocks") sparse.num_blocks = as_number(record);
    if (field == "map") sparse.map = as_map(record);
    // 0.0 repeats these two, in turn.
    if (field == "offset" || field == "numbytes") {
        if (sparse.map.size() % 2 != (field == "offset" ? 0 : 1)) throw Error("pax {}: out of turn", key);
        sparse.map.push_back(as_number(record));
    }
    return true;
}

/// An empty value takes an earlier record back.
template <class T, class Parse>
void assign(std::optional<T>& field, const Record& record, Parse parse) {
    if (record.value.empty()) {
        field.reset();
    } else {
        field = parse(record);
    }
}

}  // namespace

void parse_pax(std::string_view text, PaxRecords& records) {
    while (!text.empty()) {
        const Record record = take_record(text);
        const std::string_view key = record.key;
        if (key == "path") {
            assign(records.path, record, as_name);
        } else if (key == "linkpath") {
            assign(records.linkpath, record, as_name);
        } else if (key == "size") {
            assign(records.size, record, as_number);
        } else if (key == "uid") {
            assign(records.uid, record, as_number);
        } else if (key == "gid") {
            assign(records.gid, record, as_number);
        } else if (key == "mtime") {
            assign(records.mtime, record, as_time);
        } else if (key == "SCHILY.devmajor") {
            assign(records.dev_major, record, as_number);
        } else if (key == "SCHILY.devminor") {
            assign(records.dev_minor, record, as_number);
        } else if (!take_xattr(record, records)) {
            take_sparse(record, records.sparse);
        }
    }
}

}  // namespace rpod::image
