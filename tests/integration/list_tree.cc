// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
//
// list_tree DIRECTORY: prints all that a process can see of a tree, one line for each name, in an order of
// its own, so that two views of the same tree print the same bytes. Linked statically: it also runs in a
// container whose image holds nothing else. Names are escaped (\ooo), so that a line stays a line.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what, const std::string& path) {
    std::fprintf(stderr, "list_tree: %s %s: %s\n", what, path.c_str(), std::strerror(errno));
    std::exit(1);
}

std::string escaped(const std::string& bytes) {
    std::string out;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte < 0x7f && c != '\\') {
            out += c;
            continue;
        }
        char text[5];
        std::snprintf(text, sizeof text, "\\%03o", static_cast<unsigned>(byte));
        out += text;
    }
    return out;
}

/// FNV-1a; nobody attacks a test's checksum.
struct Sum {
    uint64_t value = 0xcbf29ce484222325;
    void add(const char* data, size_t size) {
        for (size_t i = 0; i < size; ++i)
            value = (value ^ static_cast<unsigned char>(data[i])) * 0x100000001b3;
    }
};

uint64_t content_sum(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) fail("open", path);
    Sum sum;
    std::vector<char> buffer(1 << 16);
    for (;;) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0) fail("read", path);
        if (n == 0) break;
        sum.add(buffer.data(), static_cast<size_t>(n));
    }
    ::close(fd);
    return sum.value;
}

std::string xattrs(const std::string& path) {
    std::vector<char> list(1 << 16);
    const ssize_t size = ::llistxattr(path.c_str(), list.data(), list.size());
    if (size < 0 && errno == ENOTSUP) return "";
    if (size < 0) fail("llistxattr", path);
    std::map<std::string, std::string> found;
    for (const char* name = list.data(); name < list.data() + size; name += std::strlen(name) + 1) {
        // The host's policy, not the image's.
        if (std::strcmp(name, "security.selinux") == 0) continue;
        std::vector<char> value(1 << 16);
        const ssize_t n = ::lgetxattr(path.c_str(), name, value.data(), value.size());
        if (n < 0) fail("lgetxattr", path + " " + name);
        found[name] = std::string(value.data(), static_cast<size_t>(n));
    }
    std::string out;
    for (const auto& [name, value] : found) out += " " + escaped(name) + "=" + escaped(value);
    return out;
}

std::string link_text(const std::string& path) {
    std::vector<char> text(1 << 13);
    const ssize_t n = ::readlink(path.c_str(), text.data(), text.size());
    if (n < 0) fail("readlink", path);
    return {text.data(), static_cast<size_t>(n)};
}

class Lister {
  public:
    void list(const std::string& path) {
        struct stat st;
        if (::lstat(path.c_str(), &st) != 0) fail("lstat", path);
        std::string line = escaped(path) + " " + type(st) + common(st);
        if (S_ISREG(st.st_mode)) {
            char text[64];
            std::snprintf(text, sizeof text, " size=%lld sum=%016llx", static_cast<long long>(st.st_size),
                          static_cast<unsigned long long>(content_sum(path)));
            line += text;
        }
        if (S_ISLNK(st.st_mode)) line += " -> " + escaped(link_text(path));
        if (!S_ISDIR(st.st_mode)) line += links(path, st);
        std::puts((line + xattrs(path)).c_str());
        if (S_ISDIR(st.st_mode)) list_children(path);
    }

  private:
    static std::string type(const struct stat& st) {
        switch (st.st_mode & S_IFMT) {
            case S_IFREG:
                return "file";
            case S_IFDIR:
                return "dir";
            case S_IFLNK:
                return "link";
            case S_IFIFO:
                return "fifo";
            case S_IFCHR:
                return "char:" + std::to_string(major(st.st_rdev)) + ":" + std::to_string(minor(st.st_rdev));
            case S_IFBLK:
                return "block:" + std::to_string(major(st.st_rdev)) + ":" + std::to_string(minor(st.st_rdev));
            default:
                return "other";
        }
    }

    static std::string common(const struct stat& st) {
        char text[128];
        std::snprintf(text, sizeof text, " %04o %u:%u %lld.%09ld", static_cast<unsigned>(st.st_mode & 07777),
                      st.st_uid, st.st_gid, static_cast<long long>(st.st_mtim.tv_sec), st.st_mtim.tv_nsec);
        return text;
    }

    /// How many names, and the first of them that was seen here: which names belong together.
    std::string links(const std::string& path, const struct stat& st) {
        const auto [first, added] = first_names_.try_emplace(std::make_pair(st.st_dev, st.st_ino), path);
        return " links=" + std::to_string(st.st_nlink) + (added ? "" : " same=" + escaped(first->second));
    }

    void list_children(const std::string& path) {
        DIR* dir = ::opendir(path.c_str());
        if (dir == nullptr) fail("opendir", path);
        std::vector<std::string> names;
        while (const dirent* entry = ::readdir(dir)) {
            const std::string name = entry->d_name;
            if (name != "." && name != "..") names.push_back(name);
        }
        ::closedir(dir);
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) {
            std::string child = path;
            child += "/";
            child += name;
            list(child);
        }
    }

    std::map<std::pair<dev_t, ino_t>, std::string> first_names_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2 || ::chdir(argv[1]) != 0) {
        std::fprintf(stderr, "usage: list_tree DIRECTORY\n");
        return 2;
    }
    Lister().list(".");
    return std::fflush(stdout) == 0 ? 0 : 1;
}
