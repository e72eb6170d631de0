// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/work_dir.hh"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <cstdio>
#include <vector>

#include "base/error.hh"
#include "overlay/at.hh"
#include "overlay/disk_format.hh"
#include "sys/file.hh"

namespace rpod::overlay {

WorkDir WorkDir::open(int workdir) {
    if (stat_at(workdir, "work").err() == ENOENT)
        check(::mkdirat(workdir, "work", 0700), "make 'work' in the work directory");
    const sys::Fd found = sys::open_at(workdir, "work", O_PATH | O_DIRECTORY | O_NOFOLLOW);
    // The kernel leaves it without any permissions.
    check(::chmod(FdPath(found.get()), 0700), "make the work directory accessible");
    WorkDir work(sys::open_at(found.get(), ".", O_RDONLY | O_DIRECTORY));
    if (::flock(work.fd(), LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK) throw SysError(errno, "lock the work directory");
        throw Error("the work directory is in use by another mount");
    }
    if (const auto incompat = sys::find_at(work.fd(), "incompat", O_PATH | O_NOFOLLOW)) {
        if (stat_at(incompat->get(), "volatile"))
            throw Error("the last mount of this upper layer was volatile and did not end well")
                .with_hint(
                    "its content may be damaged; to use it all the same, remove work/incompat in the "
                    "work directory");
    }
    for (const std::string& name : sys::list_dir(work.fd())) sys::remove_tree_at(work.fd(), name);
    work.spare_ = work.new_name();
    int e = work.make_whiteout(work.spare_);
    if (e == EPERM || e == EOPNOTSUPP) {
        work.uses_xattrs_ = true;
        e = work.make_whiteout(work.spare_);
    }
    if (e) throw SysError(e, "make a whiteout in the work directory");
    return work;
}

std::string WorkDir::new_name() { return fmt::format("#{:x}", ++counter_); }

int WorkDir::discard(const std::string& name) noexcept {
    if (::unlinkat(fd_.get(), name.c_str(), 0) == 0) return 0;
    if (errno != EISDIR && errno != EPERM) return errno;
    if (::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR) == 0) return 0;
    if (errno != ENOTEMPTY && errno != EEXIST) return errno;
    const auto dir = open_at(fd_.get(), name.c_str(), O_PATH | O_DIRECTORY);
    if (!dir) return dir.err();
    if (const int e = read_dir(
            dir->get(), [&](const DirRecord& entry) { return ::unlinkat(dir->get(), entry.name, 0) == 0; }))
        return e;
    return error_of(::unlinkat(fd_.get(), name.c_str(), AT_REMOVEDIR));
}

int WorkDir::make_whiteout(const std::string& name) noexcept {
    if (!uses_xattrs_) return error_of(::mknodat(fd_.get(), name.c_str(), S_IFCHR, 0));
    const auto file = open_at(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return file.err();
    return error_of(::setxattr(FdPath(file->get()), kWhiteoutXattr, "y", 1, 0));
}

int WorkDir::whiteout(int dir, const char* name) {
    if (::linkat(fd_.get(), spare_.c_str(), dir, name, 0) == 0) return 0;
    // As many links as an inode can have, or a file system without any.
    if (errno != EMLINK && errno != EPERM && errno != EOPNOTSUPP && errno != ENOENT) return errno;
    const bool links = errno == EMLINK || errno == ENOENT;
    const std::string fresh = new_name();
    if (const int e = make_whiteout(fresh)) return e;
    if (!links) return error_of(::renameat2(fd_.get(), fresh.c_str(), dir, name, RENAME_NOREPLACE));
    (void)discard(spare_);
    spare_ = fresh;
    return error_of(::linkat(fd_.get(), spare_.c_str(), dir, name, 0));
}

int WorkDir::replace_file(int dir, const char* name) {
    const std::string temporary = new_name();
    if (const int e = whiteout(fd_.get(), temporary.c_str())) return e;
    const int e = error_of(::renameat(fd_.get(), temporary.c_str(), dir, name));
    if (e) (void)discard(temporary);
    return e;
}

int WorkDir::replace_dir(int dir, const char* name) {
    const std::string temporary = new_name();
    if (const int e = whiteout(fd_.get(), temporary.c_str())) return e;
    const int e = error_of(::renameat2(fd_.get(), temporary.c_str(), dir, name, RENAME_EXCHANGE));
    (void)discard(temporary);
    return e;
}

int WorkDir::remove_dir(int dir, const char* name) {
    if (::unlinkat(dir, name, AT_REMOVEDIR) == 0) return 0;
    if (errno != ENOTEMPTY && errno != EEXIST) return errno;
    const std::string temporary = new_name();
    if (::renameat(dir, name, fd_.get(), temporary.c_str()) < 0) return errno;
    (void)discard(temporary);
    return 0;
}

}  // namespace rpod::overlay
