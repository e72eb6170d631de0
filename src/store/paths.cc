// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "store/paths.hh"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/error.hh"
#include "base/strings.hh"
#include "sys/file.hh"

namespace rpod::store {
namespace {

namespace fs = std::filesystem;

constexpr int kVersion = 1;
constexpr std::string_view kMarker = "rpod store ";

/// The XDG base directory specification: a relative value counts as unset.
std::string absolute_variable(const char* name) {
    const char* value = std::getenv(name);
    return value && value[0] == '/' ? value : std::string();
}

fs::path data_home() {
    if (const auto data = absolute_variable("XDG_DATA_HOME"); !data.empty()) return data;
    if (const auto home = absolute_variable("HOME"); !home.empty()) return fs::path(home) / ".local/share";
    const passwd* entry = ::getpwuid(::getuid());
    if (entry && entry->pw_dir && entry->pw_dir[0] == '/') return fs::path(entry->pw_dir) / ".local/share";
    throw Error("no home directory: HOME is not set and user {} has no passwd entry", ::getuid())
        .with_hint("name a directory for images and containers with --root");
}

/// A directory of ours that nobody else can enter, or one that could be made.
bool can_be_private(const fs::path& path) {
    struct stat st {};
    if (::lstat(path.c_str(), &st) < 0) return errno == ENOENT;
    return S_ISDIR(st.st_mode) && st.st_uid == ::getuid() && (st.st_mode & 077) == 0;
}

fs::path runtime_home(const fs::path& root) {
    if (const auto run = absolute_variable("XDG_RUNTIME_DIR"); !run.empty()) {
        struct stat st {};
        // `su` leaves the variable of the user that was left behind.
        if (::stat(run.c_str(), &st) == 0 && st.st_uid == ::getuid()) return fs::path(run) / "rpod";
    }
    fs::path tmp = fmt::format("/tmp/rpod-run-{}", ::getuid());
    return can_be_private(tmp) ? tmp : root / "run";
}

void check_version(const Paths& paths, const std::string& text) {
    const std::string_view line = trim(text);
    const auto version =
        line.starts_with(kMarker) ? parse_uint(line.substr(kMarker.size())) : std::optional<uint64_t>();
    if (!version) throw Error("'{}' is not a version file of rpod", paths.version_file().native());
    if (*version != kVersion) {
        throw Error("the store '{}' has version {}, this rpod knows version {}", paths.root().native(),
                    *version, kVersion)
            .with_hint("use the rpod that made it, or another directory with --root");
    }
}

/// What the directory contains besides our version file. (A temporary is what a first command leaves that was
/// killed.)
std::optional<std::string> foreign_name(const Paths& paths) {
    const sys::Fd dir = sys::open_file(paths.root(), O_RDONLY | O_DIRECTORY);
    for (auto& name : sys::list_dir(dir.get())) {
        if (!name.starts_with(".tmp-") && name != "version") return std::move(name);
    }
    return std::nullopt;
}

std::optional<std::string> find_version(const Paths& paths) {
    return sys::find_file(paths.version_file(), 4096);
}

}  // namespace

Paths Paths::locate(const std::string& root_flag, const std::string& runroot_flag) {
    const fs::path root =
        root_flag.empty() ? data_home() / "rpod" : fs::absolute(root_flag).lexically_normal();
    fs::path run = runroot_flag.empty() ? runtime_home(root) : fs::absolute(runroot_flag).lexically_normal();
    return Paths(root, std::move(run));
}

void open_root(const Paths& paths) {
    if (const auto text = find_version(paths)) return check_version(paths, *text);
    sys::make_dirs(paths.root(), 0700);
    // Without a version file a directory becomes a store only when it is empty: not somebody's home by a slip
    // in --root.
    if (const auto name = foreign_name(paths)) {
        // Another command may have made the store since we looked: the version is what it wrote first.
        if (const auto text = find_version(paths)) return check_version(paths, *text);
        throw Error("'{}' is neither empty nor a store of rpod: it contains '{}'", paths.root().native(),
                    printable(*name));
    }
    sys::replace_file(paths.version_file(), fmt::format("{}{}\n", kMarker, kVersion), 0600, sys::Sync::no);
}

void open_run(const Paths& paths) {
    sys::make_dirs(paths.run(), 0700);
    if (!can_be_private(paths.run())) {
        throw Error("the runtime directory '{}' belongs to somebody else or is open to others",
                    paths.run().native())
            .with_hint("name another one with --runroot");
    }
}

}  // namespace rpod::store
