// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/run.hh"

#include <unistd.h>

#include <memory>
#include <optional>

#include "base/error.hh"
#include "container/create.hh"
#include "container/plan.hh"
#include "container/spawn.hh"
#include "image/image_store.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

std::optional<image::Image> find_image(const image::ImageStore& images, const ContainerConfig& config) {
    if (config.rootfs) return std::nullopt;
    return images.get(config.image);
}

/// What the monitor does when the payload has ended.
void set_release(MonitorJob& job, const store::Paths& paths, const ContainerConfig& config) {
    auto withdrawn = std::make_shared<std::filesystem::path>();
    job.release = [paths, id = config.id, name = config.name, remove = config.remove, withdrawn,
                   run = paths.run() / config.id] {
        if (remove) *withdrawn = withdraw(paths, id, name);
        sys::remove_tree_at(AT_FDCWD, run);
    };
    job.clean_up = [paths, withdrawn] {
        if (!withdrawn->empty()) discard(paths, *withdrawn);
    };
}

/// --cidfile: must not exist; removed again where nothing comes of the container.
class CidFile {
  public:
    CidFile(const std::string& path, const std::string& id) : path_(path) {
        if (path_.empty()) return;
        const auto fd = sys::open_file(path_, O_WRONLY | O_CREAT | O_EXCL, 0644);
        sys::write_all(fd.get(), id, fmt::format("'{}'", path_));
    }
    ~CidFile() {
        if (!path_.empty() && !kept_) ::unlink(path_.c_str());
    }
    CidFile(const CidFile&) = delete;
    CidFile& operator=(const CidFile&) = delete;
    void keep() { kept_ = true; }

  private:
    std::string path_;
    bool kept_ = false;
};

}  // namespace

int run_attached(const store::Paths& paths, ContainerConfig config, AttachStreams streams, bool sig_proxy) {
    sweep_containers(paths);
    const image::ImageStore images(paths);
    const auto image = find_image(images, config);
    if (image) config.image_id = image->id.hex();
    auto created = create(paths, config);
    CidFile cid_file(config.cidfile, config.id);
    MonitorJob job{
        .plan = {}, .id = config.id, .directory = created.directory, .release = {}, .clean_up = {}};
    set_release(job, paths, config);
    try {
        job.plan = make_plan(paths, config, image ? &*image : nullptr, images, created.directory);
    } catch (...) {
        job.release();
        withdraw(paths, config.id, config.name);
        created.making.reset();
        sweep_containers(paths);
        throw;
    }
    job.remove_at_exit = config.remove;
    job.timeout = std::chrono::seconds(config.timeout_s);

    const auto status =
        run_monitored(paths, job,
                      {.own_pid_namespace = config.pid.mode == NamespaceMode::private_,
                       .subuid_name = config.userns.subuid_name,
                       .subgid_name = config.userns.subgid_name},
                      {.streams = streams, .tty = config.tty, .sig_proxy = sig_proxy, .when_created = [&] {
                           created.making.reset();
                       }});
    cid_file.keep();
    return status.shell_code();
}

}  // namespace rpod::container
