// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/disk_usage.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hh"
#include "base/log.hh"
#include "base/strings.hh"
#include "container/session.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

// Deeper than any path that the kernel resolves at once; a container may build what it likes.
constexpr int kMaxDepth = 256;

/// Never follows a link: each directory is opened by name below its parent.
uint64_t tree_bytes(int parent, const std::string& name, int depth) {
    const auto dir = sys::find_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!dir || depth > kMaxDepth) return 0;
    uint64_t sum = 0;
    for (const auto& entry : sys::list_dir(dir->get())) {
        struct stat st {};
        if (::fstatat(dir->get(), entry.c_str(), &st, AT_SYMLINK_NOFOLLOW) < 0) continue;
        if (S_ISREG(st.st_mode)) sum += static_cast<uint64_t>(st.st_size);
        if (S_ISDIR(st.st_mode)) sum += tree_bytes(dir->get(), entry, depth + 1);
    }
    return sum;
}

std::string measure(const std::filesystem::path& parent, const std::vector<std::string>& children,
                    const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) {
        try {
            const auto dir = sys::open_file(parent / name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
            uint64_t sum = 0;
            for (const auto& child : children) sum += tree_bytes(dir.get(), child, 0);
            out += fmt::format("{} {}\n", name, sum);
        } catch (const SysError& e) {
            log::debug("size of '{}': {}", name, e.what());
        }
    }
    return out;
}

/// Of the directories `children`, as far as there are, in each of parent/NAME.
std::map<std::string, uint64_t> sizes_in_session(const store::Paths& paths,
                                                 const std::filesystem::path& parent,
                                                 const std::vector<std::string>& children,
                                                 const std::vector<std::string>& names) {
    std::map<std::string, uint64_t> sizes;
    if (names.empty()) return sizes;
    int ends[2];
    check(::pipe2(ends, O_CLOEXEC), "create a pipe");
    const sys::Fd reader(ends[0]);
    sys::Fd writer(ends[1]);
    const pid_t worker = userns::spawn_in_session(
        session_files(paths), userns::current_identity(), {.role = "rpod:sizes"}, [&](int) {
            sys::write_all(writer.get(), measure(parent, children, names), "sizes");
            return 0;
        });
    writer.reset();
    const auto text = sys::read_all(reader.get(), "sizes");
    sys::wait_for(worker);
    for (const auto line : split(trim(text), '\n')) {
        const auto fields = split(line, ' ');
        if (fields.size() == 2) sizes[std::string(fields[0])] = parse_uint(fields[1]).value_or(0);
    }
    return sizes;
}

}  // namespace

std::map<std::string, DiskUsage> disk_usage(const store::Paths& paths, const std::vector<std::string>& ids) {
    std::map<std::string, DiskUsage> usage;
    for (const auto& [id, bytes] : sizes_in_session(paths, paths.containers(), {"upper", "tree/root"}, ids))
        usage[id].writable_bytes = bytes;
    return usage;
}

std::map<std::string, uint64_t> volume_sizes(const store::Paths& paths,
                                             const std::vector<std::string>& names) {
    return sizes_in_session(paths, paths.volumes(), {"_data"}, names);
}

std::map<std::string, uint64_t> tree_sizes(const store::Paths& paths) {
    std::vector<std::string> names;
    if (const auto dir = sys::find_at(AT_FDCWD, paths.trees(), O_RDONLY | O_DIRECTORY)) {
        names = sys::list_dir(dir->get());
        std::erase_if(names, [](const std::string& name) { return name.starts_with('.'); });
    }
    return sizes_in_session(paths, paths.trees(), {"root"}, names);
}

}  // namespace rpod::container
