// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "overlay/at.hh"
#include "overlay/fuse_ops.hh"
#include "overlay/fuse_reply.hh"

namespace rpod::overlay {
namespace {

/// Larger transfers are worth waking another worker for.
constexpr size_t kLongTransfer = 128 << 10;

/// The kernel keeps what it has read: nobody changes it but through us.
void set_handle(fuse_file_info* info, OpenFile* file) {
    info->fh = reinterpret_cast<uint64_t>(file);
    info->keep_cache = 1;
}

int drop_set_ids_if_asked(int fd) noexcept { return WriteSession::drops_set_ids() ? drop_set_ids(fd) : 0; }

void on_open(fuse_req_t request, fuse_ino_t id, fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        Overlay& overlay = overlay_of(request);
        const auto file = overlay.open(id, info->flags);
        if (!file) return file.err();
        if (const int e = (*file)->writes ? drop_set_ids_if_asked((*file)->fd.get()) : 0) {
            overlay.release(*file);
            return e;
        }
        set_handle(info, *file);
        // Interrupted: nobody will close it.
        if (fuse_reply_open(request, info) != 0) overlay.release(*file);
        return 0;
    });
}

void on_create(fuse_req_t request, fuse_ino_t dir, const char* name, mode_t mode,
               fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        WriteSession& session = write_session(request);
        const auto made = session.overlay().create(dir, name, mode, info->flags, caller_of(request));
        if (!made) return made.err();
        set_handle(info, made->second);
        const fuse_entry_param param = to_param(session, made->first);
        if (fuse_reply_create(request, &param, info) != 0) {
            session.overlay().release(made->second);
            session.overlay().forget(made->first.id, 1);
        }
        return 0;
    });
}

void on_release(fuse_req_t request, fuse_ino_t, fuse_file_info* info) noexcept {
    answer_errno(request, [&] {
        overlay_of(request).release(file_of(info));
        return 0;
    });
}

/// What is in memory at once; what must be waited for lets others answer meanwhile.
Result<size_t> read_file(WriteSession& session, int fd, std::span<char> buffer, off_t offset) {
    iovec part{buffer.data(), buffer.size()};
    ssize_t n = -1;
    if (buffer.size() <= kLongTransfer) n = ::preadv2(fd, &part, 1, offset, RWF_NOWAIT);
    size_t done = n > 0 ? static_cast<size_t>(n) : 0;
    if (n <= 0) session.let_others();
    while (done < buffer.size()) {
        n = ::pread(fd, buffer.data() + done, buffer.size() - done, offset + static_cast<off_t>(done));
        if (n == 0) break;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Errno{errno};
        done += static_cast<size_t>(n);
    }
    return done;
}

/// Of a file that lies in the image.
Result<size_t> read_image(WriteSession& session, Ino ino, std::span<char> buffer, off_t offset) {
    const ImageSource& image = session.overlay().image();
    const auto run = image.find_run(ino);
    if (!run) {
        session.let_others();
        return image.read(ino, static_cast<uint64_t>(offset), buffer);
    }
    if (static_cast<uint64_t>(offset) >= run->size) return size_t{0};
    const auto left = run->size - static_cast<uint64_t>(offset);
    return read_file(session, run->blob, buffer.first(std::min<uint64_t>(buffer.size(), left)),
                     run->at + offset);
}

void on_read(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        const auto buffer = reply_buffer(size);
        const OpenFile& file = *file_of(info);
        const Ino ino = file.image;
        const auto n = ino ? read_image(write_session(request), ino, buffer, offset)
                           : read_file(write_session(request), file.fd.get(), buffer, offset);
        if (n) fuse_reply_buf(request, buffer.data(), *n);
        return n.err();
    });
}

void on_write(fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t offset,
              fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        if (size > kLongTransfer) write_session(request).let_others();
        const int fd = file_of(info)->fd.get();
        if (const int e = drop_set_ids_if_asked(fd)) return e;
        size_t done = 0;
        while (done < size) {
            const ssize_t n = ::pwrite(fd, data + done, size - done, offset + static_cast<off_t>(done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0 && done == 0) return errno;
            if (n <= 0) break;
            done += static_cast<size_t>(n);
        }
        fuse_reply_write(request, done);
        return 0;
    });
}

void on_fsync(fuse_req_t request, fuse_ino_t, int data_only, fuse_file_info* info) noexcept {
    answer_errno(request, [&] {
        write_session(request).let_others();
        return overlay_of(request).fsync(file_of(info), data_only != 0);
    });
}

void on_fallocate(fuse_req_t request, fuse_ino_t, int mode, off_t offset, off_t length,
                  fuse_file_info* info) noexcept {
    answer_errno(request, [&] {
        write_session(request).let_others();
        const int fd = file_of(info)->fd.get();
        if (const int e = drop_set_ids_if_asked(fd)) return e;
        return error_of(::fallocate(fd, mode, offset, length));
    });
}

void on_lseek(fuse_req_t request, fuse_ino_t, off_t offset, int whence, fuse_file_info* info) noexcept {
    answer_request(request, [&] {
        const OpenFile& file = *file_of(info);
        if (const Ino ino = file.image) {
            const auto found = overlay_of(request).image().seek(ino, offset, whence);
            if (found) fuse_reply_lseek(request, *found);
            return found.err();
        }
        const off_t at = ::lseek(file.fd.get(), offset, whence);
        if (at < 0) return errno;
        fuse_reply_lseek(request, at);
        return 0;
    });
}

void on_copy_file_range(fuse_req_t request, fuse_ino_t, off_t from, fuse_file_info* from_info, fuse_ino_t,
                        off_t to, fuse_file_info* to_info, size_t size, int flags) noexcept {
    answer_request(request, [&] {
        write_session(request).let_others();
        const int fd = file_of(to_info)->fd.get();
        if (const int e = drop_set_ids_if_asked(fd)) return e;
        // What the kernel then does itself.
        const OpenFile& source = *file_of(from_info);
        const Ino ino = source.image;
        if (ino != 0) return EXDEV;
        const ssize_t n =
            ::copy_file_range(source.fd.get(), &from, fd, &to, size, static_cast<unsigned>(flags));
        if (n < 0) return errno;
        fuse_reply_write(request, static_cast<size_t>(n));
        return 0;
    });
}

}  // namespace

void set_file_operations(fuse_lowlevel_ops& ops) {
    ops.open = on_open;
    ops.create = on_create;
    ops.release = on_release;
    ops.read = on_read;
    ops.write = on_write;
    ops.fsync = on_fsync;
    ops.fallocate = on_fallocate;
    ops.lseek = on_lseek;
    ops.copy_file_range = on_copy_file_range;
}

}  // namespace rpod::overlay
