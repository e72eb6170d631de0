// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/copy.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/copy_receive.hh"
#include "container/copy_rules.hh"
#include "container/create.hh"
#include "container/parse_path.hh"
#include "container/pipe_between.hh"
#include "container/plan.hh"
#include "container/root_access.hh"
#include "image/tree_archive.hh"
#include "sys/file.hh"

namespace rpod::container {
namespace {

using Send = std::function<void(int out)>;
using Receive = std::function<void(int in)>;

/// The name that goes into an archive for others.
std::string archived_name(const CopySource& source) { return source.content_only ? "." : source.name; }

CopySource describe_source(const CopyPlace& from) {
    const auto name = last_component(clean_path("/" + from.path));
    // "/" and ".." have no name of their own.
    return {.content_only = name.empty() || names_content(from.path), .name = name};
}

/// Below a container's root. A path that says so must lead to a directory.
std::string source_path(const CopyPlace& from) {
    const bool directory = from.path.ends_with('/') || names_content(from.path);
    return clean_path("/" + from.path) + (directory ? "/." : "");
}

void send(const sys::RootedDir& root, const std::string& path, const std::string& name, const CopyPlace& from,
          int out) {
    image::TarWriter writer([&](std::string_view bytes) { sys::write_all(out, bytes, "the archive"); });
    if (!image::archive_path(root, path, writer, {.name = name, .pass_over_kernel_files = true}))
        throw_not_found(from.path, from.where());
    writer.finish();
}

/// The host's file, by the host's own links.
void send_from_host(const CopyPlace& from, const std::string& name, int out) {
    std::error_code error;
    const auto real = std::filesystem::canonical(from.path, error);
    if (error)
        throw Error("\"{}\" could not be found on the host: {}", printable(from.path),
                    to_lower(error.message()));
    send(sys::RootedDir::open("/"), real, name, from, out);
}

/// With the owners as the session's user namespace shows them: the caller is root.
void send_from_session(const store::Paths& paths, const CopyPlace& from, const std::string& name, int out) {
    with_session_ids(paths, [&] { send_from_host(from, name, out); });
}

Send make_sender(const store::Paths& paths, const CopyPlace& from, const std::string& name,
                 bool with_owners) {
    if (!from.container.empty())
        return [&paths, from, name](int out) {
            with_container_files(paths, from.container, [&](const sys::RootedDir& root) {
                send(root, source_path(from), name, from, out);
            });
        };
    if (with_owners) return [&paths, from, name](int out) { send_from_session(paths, from, name, out); };
    return [from, name](int out) { send_from_host(from, name, out); };
}

/// Both ends are in one container: a single visit, since each would wait for the other's end.
void copy_within(const store::Paths& paths, const CopyPlace& from, const CopySource& source,
                 const CopyPlace& to, const ReceiveOptions& options) {
    with_container_files(paths, from.container, [&](const sys::RootedDir& root) {
        pipe_between([&](int out) { send(root, source_path(from), kSentName, from, out); },
                     [&](int in) { receive_in_container(root, to, source, options, in); });
    });
}

/// One copy between two containers at a time: both are locked where they do not run, and two copies that go
/// opposite ways would wait for each other.
sys::Fd lock_copies(const store::Paths& paths) {
    store::open_run(paths);
    auto fd = sys::open_file(paths.run() / "copy.lock", O_RDWR | O_CREAT, 0600);
    sys::lock(fd.get(), sys::LockKind::exclusive);
    return fd;
}

ReceiveOptions receive_options(const store::Paths& paths, const CopyPlace& to, const CopyOptions& options) {
    ReceiveOptions out{.give_to_user = options.give_to_user, .overwrite = options.overwrite, .user = {}};
    if (to.container.empty()) return out;
    const auto config = read_config(paths.containers() / to.container);
    const auto image = find_image(image::ImageStore(paths), config);
    out.user = !config.user.empty() ? config.user : image ? image->config.config.user : "";
    return out;
}

}  // namespace

void copy_files(const store::Paths& paths, const CopyPlace& from, const CopyPlace& to,
                const CopyOptions& options) {
    const auto source = describe_source(from);
    const bool with_owners = !options.give_to_user && !to.container.empty();
    if (to.is_stream()) return make_sender(paths, from, archived_name(source), false)(options.out);
    const auto received = receive_options(paths, to, options);
    if (!from.container.empty() && from.container == to.container)
        return copy_within(paths, from, source, to, received);
    const Receive receive = [&](int in) {
        if (to.container.empty()) return receive_on_host(to, source, received, in);
        with_container_files(paths, to.container, [&](const sys::RootedDir& root) {
            receive_in_container(root, to, source, received, in);
        });
    };
    if (from.is_stream()) {
        return with_container_files(paths, to.container, [&](const sys::RootedDir& root) {
            receive_archive(root, to, received, options.in);
        });
    }
    sys::Fd lock;
    if (!from.container.empty() && !to.container.empty()) lock = lock_copies(paths);
    pipe_between(make_sender(paths, from, kSentName, with_owners), receive);
}

}  // namespace rpod::container
