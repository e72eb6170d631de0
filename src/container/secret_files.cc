// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#include "container/secret_files.hh"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hh"
#include "base/strings.hh"
#include "container/secret_store.hh"
#include "container/session.hh"
#include "sys/file.hh"
#include "sys/process.hh"

namespace rpod::container {
namespace {

std::filesystem::path all_files(const store::Paths& paths) { return paths.run() / "secrets"; }

struct SecretFile {
    const SecretUse* use;
    std::string path;
    std::string data;
};

uint32_t mapped(const userns::IdMap& map, uint32_t id, userns::IdKind kind, const SecretUse& use) {
    const auto outside = map.to_outside(id);
    if (!outside) {
        throw Error("secret {}: the container's user namespace has no {} {}", use.name, userns::name(kind),
                    id);
    }
    return *outside;
}

/// In the session, as its root.
void write_files(const std::vector<SecretFile>& files, const userns::MapRequest& id_map) {
    const auto maps = userns::resolve_pod_maps(id_map, userns::own_maps());
    for (const auto& file : files) {
        const auto& use = *file.use;
        const auto fd = sys::open_file(file.path, O_WRONLY | O_CREAT | O_EXCL, 0600);
        sys::write_all(fd.get(), file.data, fmt::format("'{}'", file.path));
        const auto uid = mapped(maps.uids, use.uid, userns::IdKind::uid, use);
        const auto gid = mapped(maps.gids, use.gid, userns::IdKind::gid, use);
        check(::fchown(fd.get(), uid, gid), "set the owner of '{}'", file.path);
        check(::fchmod(fd.get(), use.mode), "set the mode of '{}'", file.path);
    }
}

oci::Mount mount_of(const SecretFile& file) {
    oci::Mount m;
    m.destination = file.use->target;
    m.type = "bind";
    m.source = file.path;
    m.options = {"bind", "rprivate", "ro", "nosuid", "noexec", "nodev"};
    return m;
}

}  // namespace

void resolve_secrets(const store::Paths& paths, ContainerConfig& config) {
    for (auto& use : config.secrets) {
        const auto secret = get_secret(paths, use.name);
        use.name = secret.name;
        use.id = secret.id;
    }
}

namespace {

void write_files_in_session(const store::Paths& paths, const ContainerConfig& config,
                            const std::vector<SecretFile>& files, const userns::MapRequest& id_map) {
    const pid_t writer = userns::spawn_in_session(session_files(paths), userns::current_identity(),
                                                  {.role = "rpod:secrets",
                                                   .subuid_name = config.userns.subuid_name,
                                                   .subgid_name = config.userns.subgid_name},
                                                  [&](int) {
                                                      write_files(files, id_map);
                                                      return 0;
                                                  });
    if (!sys::wait_for(writer).ok()) throw Error("provide the secrets of container {} failed", config.name);
}

}  // namespace

std::vector<oci::Mount> provide_secret_files(const store::Paths& paths, const ContainerConfig& config,
                                             const userns::MapRequest& id_map, SecretWriter writer) {
    if (config.secrets.empty()) return {};
    remove_secret_files(paths, config.id);
    const auto directory = all_files(paths) / config.id;
    std::vector<SecretFile> files;
    for (const auto& use : config.secrets) {
        if (use.env) continue;
        // By number: what is bound has no name of its own in the container.
        files.push_back(
            SecretFile{&use, directory / std::to_string(files.size()), secret_data(paths, use.name)});
    }
    if (files.empty()) return {};
    sys::make_dirs(directory);
    try {
        if (writer == SecretWriter::session_root) {
            write_files(files, id_map);
        } else {
            write_files_in_session(paths, config, files, id_map);
        }
    } catch (...) {
        remove_secret_files(paths, config.id);
        throw;
    }
    std::vector<oci::Mount> mounts;
    for (const auto& file : files) mounts.push_back(mount_of(file));
    return mounts;
}

void remove_secret_files(const store::Paths& paths, const std::string& id) {
    sys::remove_tree_at(AT_FDCWD, all_files(paths) / id);
}

std::vector<std::string> containers_with_secret_files(const store::Paths& paths) {
    const auto dir = sys::find_at(AT_FDCWD, all_files(paths), O_RDONLY | O_DIRECTORY);
    return dir ? sys::list_dir(dir->get()) : std::vector<std::string>{};
}

void add_secret_env(const store::Paths& paths, const ContainerConfig& config, std::vector<std::string>& env) {
    for (const auto& use : config.secrets) {
        if (!use.env) continue;
        const auto data = secret_data(paths, use.name);
        if (data.find('\0') != std::string::npos)
            throw Error("secret {}: a variable cannot hold a zero byte", use.name);
        const auto prefix = use.target + "=";
        std::erase_if(env, [&](const std::string& line) { return line.starts_with(prefix); });
        env.push_back(prefix + data);
    }
}

}  // namespace rpod::container
