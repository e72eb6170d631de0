// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include "base/error.hh"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Archives for tests, byte by byte: also what no tar program would write.
namespace rpod::image::test {

struct Member {
    std::string name;
    char type = '0';
    std::string data;
    std::string link;
    uint64_t mode = 0644;
    uint64_t uid = 0;
    uint64_t gid = 0;
    int64_t mtime = 0;
    uint64_t dev_major = 0;
    uint64_t dev_minor = 0;
    std::string magic = std::string(
        "ustar\0"
        "00",
        8);
    int64_t size = -1;  ///< that of data for -1
};

class TarBuilder {
  public:
    /// A header as it is in `member`; `change` may spoil it before the checksum is set.
    template <class Change>
    TarBuilder& add(const Member& member, Change change) {
        std::string block(512, '\0');
        put(block, 0, 100, member.name);
        put(block, 100, 8, fmt::format("{:07o}", member.mode));
        put(block, 108, 8, fmt::format("{:07o}", member.uid));
        put(block, 116, 8, fmt::format("{:07o}", member.gid));
        const uint64_t size = member.size < 0 ? member.data.size() : static_cast<uint64_t>(member.size);
        put(block, 124, 12, fmt::format("{:011o}", size));
        put(block, 136, 12, fmt::format("{:011o}", member.mtime));
        block[156] = member.type;
        put(block, 157, 100, member.link);
        put(block, 257, 8, member.magic);
        if (!member.magic.empty()) {
            put(block, 329, 8, fmt::format("{:07o}", member.dev_major));
            put(block, 337, 8, fmt::format("{:07o}", member.dev_minor));
        }
        change(block);
        set_checksum(block);
        text_ += block;
        return raw(member.data);
    }
    TarBuilder& add(const Member& member) {
        return add(member, [](std::string&) {});
    }
    TarBuilder& file(std::string name, std::string data) {
        return add({.name = std::move(name), .data = std::move(data)});
    }
    TarBuilder& dir(std::string name) { return add({.name = std::move(name), .type = '5', .mode = 0755}); }

    /// A pax extended header of these records.
    TarBuilder& pax(const std::vector<std::pair<std::string, std::string>>& records, char type = 'x') {
        std::string text;
        for (const auto& [key, value] : records) text += record(key, value);
        return add({.name = "PaxHeaders/x", .type = type, .data = text});
    }
    static std::string record(std::string_view key, std::string_view value) {
        const size_t rest = key.size() + value.size() + 3;
        size_t length = rest + 1;
        while (fmt::to_string(length).size() + rest != length) length = fmt::to_string(length).size() + rest;
        return fmt::format("{} {}={}\n", length, key, value);
    }
    /// GNU's long name ('L') or link ('K').
    TarBuilder& gnu_long(char type, std::string name) {
        return add({.name = "././@LongLink", .type = type, .data = name + '\0', .magic = kGnu});
    }
    /// Data with the padding to a block.
    TarBuilder& raw(std::string_view data) {
        text_ += data;
        text_.resize((text_.size() + 511) / 512 * 512, '\0');
        return *this;
    }
    /// With the two blocks that end an archive.
    std::string end() const { return text_ + std::string(1024, '\0'); }
    const std::string& text() const { return text_; }

    static void put(std::string& block, size_t offset, size_t size, std::string_view value) {
        block.replace(offset, std::min(size, value.size()), value.substr(0, size));
    }
    static void set_checksum(std::string& block) {
        put(block, 148, 8, "        ");
        unsigned sum = 0;
        for (const char c : block) sum += static_cast<uint8_t>(c);
        put(block, 148, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    }
    static const std::string kGnu;

  private:
    std::string text_;
};

inline const std::string TarBuilder::kGnu = std::string("ustar  \0", 8);

}  // namespace rpod::image::test
