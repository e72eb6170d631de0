// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/driver_trial.hh"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "base/error.hh"
#include "base/json.hh"
#include "container/session.hh"
#include "image/chain.hh"
#include "overlay/serve.hh"
#include "sys/channel.hh"
#include "sys/file.hh"
#include "sys/namespace.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

using runtime::StorageDriver;

/// A kernel that hangs in a trial must not hang us.
constexpr unsigned kPatienceSeconds = 10;

constexpr const char* kFile = "file";
constexpr const char* kDirectory = "directory";

/// What is below in every trial.
overlay::Index trial_image() {
    overlay::LayerScan scan;
    overlay::LayerEntry entry;
    entry.path = kFile;
    entry.mode = 0644;
    scan.entries.push_back(entry);
    entry.path = kDirectory;
    entry.type = overlay::EntryType::directory;
    entry.mode = 0755;
    scan.entries.push_back(entry);
    return image::merge_scans({&scan});
}

void make_dir(int dir, const std::string& name) {
    check(::mkdirat(dir, name.c_str(), 0755), "create directory '{}'", name);
}

/// Session root, in a mount namespace of its own, in a new directory of the store.
class Trial {
  public:
    Trial(int dir, overlay::Index& index) : dir_(dir), index_(index) {}
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;
    ~Trial() {
        if (server_ < 0) return;
        ::kill(server_, SIGKILL);
        sys::wait_for(server_);
    }

    TrialResults run() {
        const auto fuse = reason([&] { mount_image(); });
        auto& reasons = results_.reasons;
        reasons[StorageDriver::fuse] = fuse;
        if (fuse.empty()) reasons[StorageDriver::fuse] = reason([&] { write_marks(); });
        reasons[StorageDriver::overlay] = fuse.empty() ? reason([&] { use_overlayfs("image"); }) : fuse;
        reasons[StorageDriver::unpacked] = reason([&] {
            make_dir(dir_, "plain");
            make_dir(dir_, std::string("plain/") + kDirectory);
            sys::open_at(dir_, std::string("plain/") + kFile, O_WRONLY | O_CREAT, 0644);
            use_overlayfs("plain");
        });
        return std::move(results_);
    }

  private:
    std::string reason(const std::function<void()>& attempt) {
        try {
            attempt();
            return {};
        } catch (const SysError& e) {
            for (const int shortage : {ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM}) {
                if (e.is(shortage)) results_.conclusive = false;
            }
            return e.what();
        } catch (const std::exception& e) {
            return e.what();
        }
    }

    void mount_image() {
        make_dir(dir_, "image");
        auto fuse = overlay::mount_fuse(dir_, "image", "rpod");
        server_ = sys::fork_child("rpod:trial", [&] {
            // Whoever waits for an answer must see our parent's end, and we must not outlive it: the mount
            // that we serve is in its namespace, which is ours, too.
            sys::close_descriptors_except({fuse.get()});
            check(::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "ask for a signal");
            overlay::ServeOptions options{.index = std::move(index_), .blobs = {}, .request_log = {}};
            options.blobs.push_back(sys::open_file("/dev/null", O_RDONLY));
            options.mounts.push_back({.fuse = std::move(fuse), .view = overlay::View::complete});
            options.request_log = overlay::make_request_log();
            return overlay::serve(std::move(options));
        });
        fuse.reset();
        struct stat st {};
        check(::fstatat(dir_, "image/file", &st, AT_SYMLINK_NOFOLLOW), "use a FUSE mount");
    }

    /// What rpod's own overlay needs of the upper file system, where there are no devices.
    void write_marks() {
        make_dir(dir_, "marks");
        const auto marks = sys::open_at(dir_, "marks", O_RDONLY | O_DIRECTORY);
        check(::fsetxattr(marks.get(), "user.overlay.opaque", "y", 1, 0),
              "set an attribute of a file of the store");
    }

    /// A whiteout, and a directory in the place of one, are what an upper layer can fail at.
    void use_overlayfs(const std::string& lower) {
        for (const char* name : {"upper", "work", "merged"}) make_dir(dir_, lower + "." + name);
        check(::fchdir(dir_), "enter a directory of the store");
        const auto options = fmt::format("lowerdir={0},upperdir={0}.upper,workdir={0}.work,userxattr", lower);
        const auto merged = lower + ".merged";
        check(::mount("overlay", merged.c_str(), "overlay", 0, options.c_str()), "mount overlayfs");
        const auto root = sys::open_file(merged, O_RDONLY | O_DIRECTORY);
        check(::unlinkat(root.get(), kFile, 0), "remove a file of overlayfs");
        check(::unlinkat(root.get(), kDirectory, AT_REMOVEDIR), "remove a directory of overlayfs");
        make_dir(root.get(), kDirectory);
        sys::open_at(root.get(), kFile, O_WRONLY | O_CREAT | O_EXCL, 0600);
    }

    const int dir_;
    overlay::Index& index_;
    pid_t server_ = -1;
    TrialResults results_;
};

void unmount_all(int dir) {
    for (const char* name : {"image.merged", "plain.merged", "image"}) {
        if (::fchdir(dir) == 0) ::umount2(name, MNT_DETACH);
    }
    (void)::chdir("/");
}

TrialResults try_in_session(const std::filesystem::path& directory, overlay::Index& index) {
    sys::unshare_namespaces(CLONE_NEWNS);
    check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make all mounts private");
    sys::remove_tree_at(AT_FDCWD, directory);
    check(::mkdir(directory.c_str(), 0700), "create directory '{}'", directory.native());
    TrialResults results;
    {
        const auto dir = sys::open_file(directory, O_RDONLY | O_DIRECTORY);
        Trial trial(dir.get(), index);
        results = trial.run();
        unmount_all(dir.get());
    }
    sys::remove_tree_at(AT_FDCWD, directory);
    return results;
}

std::string to_text(const TrialResults& results) {
    auto text = json::Builder::object();
    for (const auto& [driver, reason] : results.reasons) text.set(runtime::name(driver), reason);
    return text.dump();
}

TrialResults from_text(const std::string& text) {
    TrialResults results;
    for (const auto& [name, reason] :
         json::Value::parse(text, "the trial of storage drivers").as_string_map()) {
        if (const auto driver = runtime::find_storage_driver(name)) results.reasons[*driver] = reason;
    }
    return results;
}

}  // namespace

TrialResults try_drivers(const store::Paths& paths) {
    auto index = trial_image();
    auto [ours, theirs] = sys::Channel::make_pair();
    const pid_t pid = userns::spawn_in_session(
        session_files(paths), userns::current_identity(), {.role = "rpod:trial"},
        [&, &command = ours, &channel = theirs](int) {
            command.close();
            // One at a time; the next one removes what this one leaves if it is killed.
            const auto lock = sys::open_file(paths.root() / "trial.lock", O_RDWR | O_CREAT, 0600);
            sys::lock(lock.get(), sys::LockKind::exclusive);
            ::alarm(kPatienceSeconds);
            const auto results = try_in_session(paths.root() / "trial", index);
            channel.send(results.conclusive ? 1 : 0, to_text(results));
            return 0;
        });
    theirs.close();
    const auto answer = ours.receive();
    const auto status = sys::wait_for(pid);
    if (answer) {
        auto results = from_text(answer->text);
        results.conclusive = answer->kind == 1;
        return results;
    }
    TrialResults none{.reasons = {}, .conclusive = false};
    for (const auto driver : runtime::kStorageDrivers) {
        if (driver != StorageDriver::copy)
            none.reasons[driver] = fmt::format("the trial ended with {}", status.shell_code());
    }
    return none;
}

}  // namespace rpod::container
