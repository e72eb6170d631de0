// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "container/mount.hh"

namespace rpod::container {

/// Takes the options of one mount, one after the other; the three syntaxes (-v, --mount, --tmpfs) share it.
/// Each function answers whether the word was its own; a word that nobody takes is an error of the caller's,
/// so that no option ever reaches mount(2) without a meaning here (CVE-2024-9407).
class MountOptionParser {
  public:
    /// @param what  leads each error: "volume '/a:/b:x'"
    explicit MountOptionParser(std::string what) : what_(std::move(what)) {}

    /// ro rw exec noexec suid nosuid dev nodev; `value` is what followed '=' ("true", "false"), if anything
    /// did.
    template <class M>
    bool take_flag(M& mount, std::string_view key, std::optional<std::string_view> value);
    /// shared rslave …; z Z; the words whose meaning is the default (rbind), or docker's alone (cached).
    bool take_bind_word(MountOptions& options, std::string_view word);
    /// U or chown
    bool take_chown(bool& chown, std::string_view key, std::optional<std::string_view> value);
    /// size mode uid gid nr_inodes tmpcopyup notmpcopyup, as tmpfs(5) spells them
    bool take_tmpfs(TmpfsMount& mount, std::string_view key, std::optional<std::string_view> value);

    /// For options that podman has and rpod has not. @throws Error for one of them
    void refuse_unsupported(std::string_view key) const;
    [[noreturn]] void fail_unknown(std::string_view word) const;
    [[noreturn]] void fail(std::string_view message) const;

    bool parse_bool(std::string_view key, std::optional<std::string_view> value) const;
    uint64_t parse_bytes(std::string_view key, std::optional<std::string_view> value) const;
    uint32_t parse_id(std::string_view key, std::optional<std::string_view> value) const;
    uint32_t parse_mode(std::string_view key, std::optional<std::string_view> value) const;

    /// @throws Error where an option of this kind was there before
    void once(std::string_view kind);

  private:
    std::string_view need_value(std::string_view key, std::optional<std::string_view> value) const;
    std::string what_;
    std::set<std::string, std::less<>> seen_;
};

template <class M>
bool MountOptionParser::take_flag(M& mount, std::string_view key, std::optional<std::string_view> value) {
    const auto set = [&](bool& member, std::string_view kind, bool meaning) {
        once(kind);
        member = parse_bool(key, value) ? meaning : !meaning;
        return true;
    };
    if (key == "ro" || key == "readonly") return set(mount.read_only, "ro and rw", true);
    if (key == "rw" || key == "readwrite") return set(mount.read_only, "ro and rw", false);
    if (key == "exec") return set(mount.exec, "exec and noexec", true);
    if (key == "noexec") return set(mount.exec, "exec and noexec", false);
    if (key == "suid") return set(mount.suid, "suid and nosuid", true);
    if (key == "nosuid") return set(mount.suid, "suid and nosuid", false);
    if (key == "dev") return set(mount.dev, "dev and nodev", true);
    if (key == "nodev") return set(mount.dev, "dev and nodev", false);
    return false;
}

}  // namespace rpod::container
