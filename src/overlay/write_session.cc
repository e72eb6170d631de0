// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "overlay/write_session.hh"

#include <cstring>

#include "base/error.hh"
#include "overlay/fuse_answer.hh"
#include "overlay/fuse_ops.hh"

namespace rpod::overlay {
namespace {

constexpr size_t kRequestBuffer = kMaxTransfer + 8192;

thread_local bool is_answering = false;
thread_local bool is_dropping_set_ids = false;

/// The argument of a request; zeros where it is too short.
template <class Argument>
Argument argument_of(std::span<const char> request) noexcept {
    Argument argument{};
    if (request.size() >= sizeof(fuse_in_header) + sizeof argument)
        std::memcpy(&argument, request.data() + sizeof(fuse_in_header), sizeof argument);
    return argument;
}

/// FUSE_HANDLE_KILLPRIV_V2, whose flags libfuse 3.14 does not pass on. Two requests have no such flag: there
/// the caller decides.
bool asks_to_drop_set_ids(const fuse_in_header& header, std::span<const char> request) noexcept {
    switch (header.opcode) {
        case FUSE_WRITE:
            return argument_of<fuse_write_in>(request).write_flags & FUSE_WRITE_KILL_SUIDGID;
        case FUSE_SETATTR:
            return argument_of<fuse_setattr_in>(request).valid & FATTR_KILL_SUIDGID;
        case FUSE_OPEN:
            return argument_of<fuse_open_in>(request).open_flags & FUSE_OPEN_KILL_SUIDGID;
        case FUSE_FALLOCATE:
        case FUSE_COPY_FILE_RANGE:
            return header.uid != 0;
        default:
            return false;
    }
}

}  // namespace

/// @param mount_options  for fusermount3; empty where that is not asked
void WriteSession::start(const std::string& mount_options) {
    std::string words[] = {"rpod", "-o", mount_options};
    char* argv[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    fuse_args args{.argc = mount_options.empty() ? 1 : 3, .argv = argv, .allocated = 0};
    const fuse_lowlevel_ops ops = overlay_operations();
    session_ = ::fuse_session_new(&args, &ops, sizeof ops, this);
    ::fuse_opt_free_args(&args);
    if (!session_) throw Error("make a FUSE session with the options '{}'", mount_options);
}

WriteSession::WriteSession(Overlay& overlay, sys::Fd fuse, WriteSessionOptions options)
    : overlay_(overlay), options_(options), fd_(fuse.get()) {
    start({});
    if (::fuse_session_custom_io(session_, &kConnectionIo<WriteSession>, fuse.release()) != 0) {
        ::fuse_session_destroy(session_);
        throw Error("hand a connection to libfuse");
    }
}

WriteSession::WriteSession(Overlay& overlay, const std::string& path, const std::string& mount_options,
                           WriteSessionOptions options)
    : overlay_(overlay), options_(options) {
    start(mount_options);
    if (::fuse_session_mount(session_, path.c_str()) != 0) {
        ::fuse_session_destroy(session_);
        throw Error("mount on '{}': fusermount3 failed", path)
            .with_hint("the package fuse3 has it; 'rpod unshare' gives a user namespace that needs none");
    }
    fd_ = ::fuse_session_fd(session_);
    if (::fuse_session_custom_io(session_, &kConnectionIo<WriteSession>, fd_) != 0) {
        ::fuse_session_unmount(session_);
        ::fuse_session_destroy(session_);
        throw Error("hand a connection to libfuse");
    }
}

WriteSession::~WriteSession() { ::fuse_session_destroy(session_); }

void WriteSession::negotiate(fuse_conn_info* connection) const noexcept {
    unsigned want = FUSE_CAP_ASYNC_READ | FUSE_CAP_PARALLEL_DIROPS | FUSE_CAP_READDIRPLUS |
                    FUSE_CAP_READDIRPLUS_AUTO | FUSE_CAP_CACHE_SYMLINKS | FUSE_CAP_ATOMIC_O_TRUNC |
                    FUSE_CAP_DONT_MASK | FUSE_CAP_EXPLICIT_INVAL_DATA | FUSE_CAP_HANDLE_KILLPRIV;
    if (options_.writeback && !overlay_.read_only()) want |= FUSE_CAP_WRITEBACK_CACHE;
    if (overlay_.acls()) want |= FUSE_CAP_POSIX_ACL;
    connection->want = want & connection->capable;
    connection->max_write = kMaxTransfer;
    connection->time_gran = 1;
}

/// libfuse 3.14 does not know FUSE_HANDLE_KILLPRIV_V2. Without it the kernel asks for security.capability
/// before every write; with it the layer's file system takes capabilities away, whoever writes, and
/// drops_set_ids() tells about the bits.
ssize_t WriteSession::write_reply(int fd, iovec* parts, int count) noexcept {
    if (starting_ && count == 2 && parts[1].iov_len >= offsetof(fuse_init_out, max_background)) {
        auto* answer = static_cast<char*>(parts[1].iov_base) + offsetof(fuse_init_out, flags);
        uint32_t flags = 0;
        std::memcpy(&flags, answer, sizeof flags);
        flags |= kernel_offers_ & FUSE_HANDLE_KILLPRIV_V2;
        std::memcpy(answer, &flags, sizeof flags);
    }
    return ::writev(fd, parts, count);
}

namespace {

void fill_attr(const struct stat& st, fuse_attr& to) {
    to = {};
    to.ino = st.st_ino;
    to.size = static_cast<uint64_t>(st.st_size);
    to.blocks = static_cast<uint64_t>(st.st_blocks);
    to.atime = static_cast<uint64_t>(st.st_atim.tv_sec);
    to.mtime = static_cast<uint64_t>(st.st_mtim.tv_sec);
    to.ctime = static_cast<uint64_t>(st.st_ctim.tv_sec);
    to.atimensec = static_cast<uint32_t>(st.st_atim.tv_nsec);
    to.mtimensec = static_cast<uint32_t>(st.st_mtim.tv_nsec);
    to.ctimensec = static_cast<uint32_t>(st.st_ctim.tv_nsec);
    to.mode = st.st_mode;
    to.nlink = static_cast<uint32_t>(st.st_nlink);
    to.uid = st.st_uid;
    to.gid = st.st_gid;
    to.blksize = static_cast<uint32_t>(st.st_blksize);
}

}  // namespace

/// O_TMPFILE: libfuse 3.14 has no call for it.
void WriteSession::answer_tmpfile(std::span<const char> request) noexcept {
    fuse_in_header header{};
    fuse_create_in in{};
    std::memcpy(&header, request.data(), sizeof header);
    fuse_out_header head{.len = sizeof head, .error = -EIO, .unique = header.unique};
    fuse_entry_out entry{};
    fuse_open_out open{};
    OpenFile* file = nullptr;
    if (request.size() >= sizeof header + sizeof in) {
        std::memcpy(&in, request.data() + sizeof header, sizeof in);
        const Caller caller{.uid = header.uid, .gid = header.gid, .umask = in.umask};
        try {
            const auto made = overlay_.tmpfile(header.nodeid, in.mode, caller);
            head.error = -made.err();
            if (made) {
                file = made->second;
                entry.nodeid = made->first.id;
                entry.entry_valid = entry.attr_valid = static_cast<uint64_t>(options_.timeout);
                fill_attr(made->first.st, entry.attr);
                open.fh = reinterpret_cast<uint64_t>(file);
                open.open_flags = FOPEN_KEEP_CACHE;
                head.len += sizeof entry + sizeof open;
            }
        } catch (const std::exception& e) {
            log::warn("answer a FUSE request: {}", e.what());
        }
    }
    const iovec parts[] = {{&head, sizeof head}, {&entry, sizeof entry}, {&open, sizeof open}};
    if (::writev(fd_, parts, file ? 3 : 1) < 0 && file) {
        overlay_.release(file);
        overlay_.forget(entry.nodeid, 1);
    }
}

void WriteSession::process(std::span<char> request) noexcept {
    fuse_in_header header{};
    std::memcpy(&header, request.data(), sizeof header);
    log::debug("request {}: operation {} on node {}, {} bytes", header.unique, header.opcode, header.nodeid,
               header.len);
    if (header.opcode == FUSE_INTERRUPT) return refuse_interrupt(fd_, header);
    if (header.opcode == FUSE_TMPFILE) return answer_tmpfile(request);
    if (header.opcode == FUSE_INIT && request.size() >= sizeof header + sizeof(uint32_t) * 4) {
        std::memcpy(&kernel_offers_, request.data() + sizeof header + offsetof(fuse_init_in, flags),
                    sizeof kernel_offers_);
        starting_ = true;
    }
    is_dropping_set_ids = asks_to_drop_set_ids(header, request);
    fuse_buf buffer{};
    buffer.size = request.size();
    buffer.mem = request.data();
    ::fuse_session_process_buf(session_, &buffer);
    if (header.opcode == FUSE_INIT) starting_ = false;
}

bool WriteSession::drops_set_ids() noexcept { return is_dropping_set_ids; }

void WriteSession::let_others() noexcept {
    if (!is_answering) return;
    is_answering = false;
    answering_.release();
}

int WriteSession::run() noexcept {
    // Pages that no request was large enough for are never touched.
    const std::unique_ptr<char[]> buffer(new (std::nothrow) char[kRequestBuffer]);
    int e = buffer ? 0 : ENOMEM;
    while (!e) {
        if (!is_answering) {
            answering_.acquire();
            is_answering = true;
        }
        const ssize_t n = ::read(fd_, buffer.get(), kRequestBuffer);
        if (n < 0) {
            if (!reads_again(errno)) e = errno;
            continue;
        }
        if (static_cast<size_t>(n) < sizeof(fuse_in_header)) {
            e = EIO;
            continue;
        }
        process({buffer.get(), static_cast<size_t>(n)});
    }
    let_others();
    return e == ENODEV ? 0 : e;
}

}  // namespace rpod::overlay
