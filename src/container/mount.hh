// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The rpod authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What the user asked to have mounted (-v, --mount, --tmpfs, image volumes). Destinations are absolute and
/// lexically clean: no ".", no "..", no doubled or trailing slash; the runtime resolves them inside the root
/// file system.
namespace rpod::container {

enum class Propagation {
    private_,  ///< this and the next three: of this mount alone
    shared,
    slave,
    unbindable,
    rprivate,  ///< the default: of the mount and all below it
    rshared,
    rslave,
    runbindable,
};

enum class Relabel { none, shared, private_ };  ///< ":z", ":Z": SELinux labels

/// Options that binds and volumes share.
struct MountOptions {
    bool read_only = false;
    bool exec = true;
    bool suid = false;
    bool dev = false;
    Propagation propagation = Propagation::rprivate;
    Relabel relabel = Relabel::none;
    bool chown = false;  ///< ":U": give the source to the container's user, recursively
    bool operator==(const MountOptions&) const = default;
};

/// A host directory or file. Always recursive: the kernel refuses to take a mount alone out of a tree that
/// belongs to another user namespace.
struct BindMount {
    std::string source;  ///< absolute
    std::string destination;
    MountOptions options;
    bool operator==(const BindMount&) const = default;
};

struct VolumeMount {
    std::string name;  ///< empty: an anonymous volume, which goes with the container under --rm
    std::string destination;
    MountOptions options;
    bool copy_up = true;  ///< an empty volume takes what the image holds at the destination
    bool operator==(const VolumeMount&) const = default;
};

struct TmpfsMount {
    std::string destination;
    bool read_only = false;
    bool exec = true;
    bool suid = false;
    bool dev = false;
    std::optional<uint64_t> size_bytes;
    std::optional<uint64_t> inodes;
    std::optional<uint32_t> mode;
    std::optional<uint32_t> uid, gid;  ///< IDs in the container
    bool copy_up = true;
    bool chown = false;  ///< "U": owned by the container's user
    bool operator==(const TmpfsMount&) const = default;
};

/// A devpts instance of its own.
struct DevptsMount {
    std::string destination;
    std::optional<uint32_t> mode;
    std::optional<uint32_t> uid, gid;
    std::optional<uint32_t> max;
    bool operator==(const DevptsMount&) const = default;
};

using Mount = std::variant<BindMount, VolumeMount, TmpfsMount, DevptsMount>;

const std::string& destination_of(const Mount& mount);

/// "rprivate" and the like: the words of mount(8).
std::string_view propagation_name(Propagation propagation);
std::optional<Propagation> find_propagation(std::string_view name);

}  // namespace rpod::container
